#include "../cpu/requantize.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX512
#define PARE_ZMM_NAME(operation) PARE_KERNEL(operation, avx512)

typedef struct {
  __m512i pairs, sum;
} sums;

/// Sums of pairs in 16 bits: a chunk's eight of at most 255 · 8 · 2 stay within 32,640.
PARE_INLINE PARE_AVX512 void add(sums *of, __m512i x_below, __m512i x_above, __m512i two) {
  const __m512i nibble = _mm512_set1_epi8(15);
  const __m512i weight =
    _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1));
  const __m512i below = _mm512_shuffle_epi8(weight, _mm512_and_si512(two, nibble));
  const __m512i above = _mm512_shuffle_epi8(weight, _mm512_and_si512(_mm512_srli_epi16(two, 4), nibble));
  of->pairs = _mm512_add_epi16(of->pairs, _mm512_maddubs_epi16(x_below, below));
  of->pairs = _mm512_add_epi16(of->pairs, _mm512_maddubs_epi16(x_above, above));
}

PARE_INLINE PARE_AVX512 void end_chunk(sums *of) {
  of->sum = _mm512_add_epi32(of->sum, _mm512_madd_epi16(of->pairs, _mm512_set1_epi16(1)));
  of->pairs = _mm512_setzero_si512();
}

PARE_INLINE PARE_AVX512 __m512i finish(const sums *of) { return of->sum; }

#include "zmm.h"
#endif
