#include "../cpu/variant.h"

#ifdef PARE_X86

// As in avx512.c; 2 to the n is put together from its bits.
PARE_INLINE PARE_AVX2 __m256 exponential(__m256 x) {
  const __m256 lowest = _mm256_set1_ps(-87.0f), rounder = _mm256_set1_ps(12582912.0f);
  const __m256 t = _mm256_max_ps(lowest, x);
  const __m256 shifted = _mm256_fmadd_ps(t, _mm256_set1_ps(1.44269504088896341f), rounder);
  const __m256 whole = _mm256_sub_ps(shifted, rounder);
  __m256 r = _mm256_fmadd_ps(whole, _mm256_set1_ps(-0.693359375f), t);
  r = _mm256_fmadd_ps(whole, _mm256_set1_ps(2.12194440e-4f), r);
  __m256 p = _mm256_set1_ps(1.9875691500e-4f);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
  const __m256 e = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r), _mm256_set1_ps(1.0f));
  const __m256i n = _mm256_sub_epi32(_mm256_castps_si256(shifted), _mm256_castps_si256(rounder));
  const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23);
  return _mm256_and_ps(_mm256_cmp_ps(x, lowest, _CMP_NLT_UQ), _mm256_mul_ps(e, _mm256_castsi256_ps(power)));
}

PARE_INLINE PARE_AVX2 __m128 halves(__m256 v, const int takes_maximum) {
  const __m128 low = _mm256_castps256_ps128(v), high = _mm256_extractf128_ps(v, 1);
  return takes_maximum ? _mm_max_ps(low, high) : _mm_add_ps(low, high);
}

PARE_INLINE PARE_AVX2 __m256 folded(__m256 v, const int takes_maximum) {
  __m128 four = halves(v, takes_maximum);
  const __m128 two = _mm_movehl_ps(four, four);
  four = takes_maximum ? _mm_max_ps(four, two) : _mm_add_ps(four, two);
  const __m128 one = _mm_shuffle_ps(four, four, 1);
  return _mm256_broadcastss_ps(takes_maximum ? _mm_max_ps(four, one) : _mm_add_ps(four, one));
}

PARE_AVX2 PARE_KERNEL(softmax_rows_f32, avx2) {
  const pare_softmax_f32 *step = operands;
  const __m256 least = _mm256_set1_ps(-__builtin_inff());
  const int32_t whole = step->count / 8 * 8;
  const __m256i rest = _mm256_cmpgt_epi32(
    _mm256_set1_epi32(step->count - whole), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  const __m256 lanes = _mm256_castsi256_ps(rest);
  const float *x = input;
  float *y = output;
  for (int32_t row = 0; row < step->rows; row++, x += step->count, y += step->count) {
    const __m256 end = _mm256_maskload_ps(x + whole, rest);
    __m256 highest = _mm256_blendv_ps(least, end, lanes);
    for (int32_t i = 0; i < whole; i += 8) highest = _mm256_max_ps(highest, _mm256_loadu_ps(x + i));
    const __m256 shift = folded(highest, 1);
    const __m256 last = exponential(_mm256_sub_ps(end, shift));
    __m256 sum = _mm256_and_ps(lanes, last);
    for (int32_t i = 0; i < whole; i += 8) {
      const __m256 e = exponential(_mm256_sub_ps(_mm256_loadu_ps(x + i), shift));
      _mm256_storeu_ps(y + i, e);
      sum = _mm256_add_ps(sum, e);
    }
    const __m256 share = _mm256_div_ps(_mm256_set1_ps(1.0f), folded(sum, 0));
    for (int32_t i = 0; i < whole; i += 8) _mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_loadu_ps(y + i), share));
    _mm256_maskstore_ps(y + whole, rest, _mm256_mul_ps(last, share));
  }
}

#endif
