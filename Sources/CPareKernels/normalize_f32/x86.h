#ifndef PARE_NORMALIZE_F32_X86_H
#define PARE_NORMALIZE_F32_X86_H

#include "../cpu/variant.h"

#ifdef PARE_X86

/// Lanes of the tile that starts at `i` which exist.
PARE_INLINE __mmask16 pare_lanes(int32_t count, int32_t i) {
  const int32_t rest = count - i;
  return rest >= 16 ? 0xffff : (__mmask16)((1u << rest) - 1);
}

// max(low, y) and min(high, y) with the constant first keep y where y is NaN.
PARE_INLINE PARE_AVX512 __m512 pare_normalized_avx512(const pare_normalize *step, int32_t i, __m512 x) {
  __m512 y = _mm512_mul_ps(_mm512_sub_ps(x, _mm512_load_ps(step->offset + i)), _mm512_load_ps(step->scale + i));
  y = _mm512_max_ps(_mm512_set1_ps(step->low), y);
  return _mm512_min_ps(_mm512_set1_ps(step->high), y);
}

PARE_INLINE PARE_AVX2 __m256 pare_normalized_avx2(const pare_normalize *step, int32_t i, __m256 x) {
  __m256 y = _mm256_mul_ps(_mm256_sub_ps(x, _mm256_load_ps(step->offset + i)), _mm256_load_ps(step->scale + i));
  y = _mm256_max_ps(_mm256_set1_ps(step->low), y);
  return _mm256_min_ps(_mm256_set1_ps(step->high), y);
}

/// Eight features from `x + i`, zeros beyond `count`.
PARE_INLINE PARE_AVX2 __m256 pare_features_avx2(const float *x, int32_t count, int32_t i) {
  if (i + 8 <= count) return _mm256_loadu_ps(x + i);
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_ps(x + i, _mm256_cmpgt_epi32(_mm256_set1_epi32(count - i), lane));
}

#endif
#endif
