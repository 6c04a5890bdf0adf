#include "../cpu/variant.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX512
#define PARE_ZMM_NAME(operation) PARE_KERNEL(operation, avx512)

/// From a table of half bytes (Muła, Kurz and Lemire 2018, arXiv:1611.07612).
PARE_INLINE PARE_TARGET __m512i ones(__m512i x) {
  const __m512i table = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m512i nibble = _mm512_set1_epi8(15);
  const __m512i bytes = _mm512_add_epi8(
    _mm512_shuffle_epi8(table, _mm512_and_si512(x, nibble)),
    _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(x, 4), nibble)));
  return _mm512_madd_epi16(_mm512_maddubs_epi16(bytes, _mm512_set1_epi8(1)), _mm512_set1_epi16(1));
}

#include "zmm.h"
#endif
