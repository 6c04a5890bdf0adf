#include "table.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX2
#define PARE_VARIANT_TABLE pare_recurrent_s16_avx2
#define PARE_VARIANT_S4 pare_gate_products_s4_avx2
#define PARE_VARIANT_NAME "avx2"
#define PARE_VARIANT_NEEDS PARE_CPU_AVX2

/// Exact: bytes are widened to 16 bits before they are multiplied (maddubs would saturate).
PARE_INLINE PARE_AVX2 __m256i dot(__m256i sum, __m256i x, __m256i w) {
  const __m256i even = _mm256_madd_epi16(
    _mm256_and_si256(x, _mm256_set1_epi16(0xff)), _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
  const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(w, 8));
  return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}

#include "ymm.h"
#endif
