#include "../cpu/requantize.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX512VNNI
#define PARE_ZMM_NAME(operation) PARE_KERNEL(operation, avx512vnni)

typedef struct {
  __m512i below, above;
} sums;

/// A weight in the upper half of a byte is 16 times itself, sign included.
PARE_INLINE PARE_AVX512VNNI void add(sums *of, __m512i x_below, __m512i x_above, __m512i two) {
  const __m512i upper = _mm512_set1_epi8((char)0xf0);
  of->below = _mm512_dpbusd_epi32(of->below, x_below, _mm512_and_si512(_mm512_slli_epi16(two, 4), upper));
  of->above = _mm512_dpbusd_epi32(of->above, x_above, _mm512_and_si512(two, upper));
}

PARE_INLINE PARE_AVX512VNNI void end_chunk(sums *of) { (void)of; }

PARE_INLINE PARE_AVX512VNNI __m512i finish(const sums *of) {
  return _mm512_srai_epi32(_mm512_add_epi32(of->below, of->above), 4);
}

#include "zmm.h"
#endif
