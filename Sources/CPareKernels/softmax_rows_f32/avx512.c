#include "../cpu/variant.h"

#ifdef PARE_X86

// e to the x for x at most 0, within 2 units in the last place; 0 below -87. NaN stays NaN. Polynomial: Cephes, expf, each
// step fused.
PARE_INLINE PARE_AVX512 __m512 exponential(__m512 x) {
  const __m512 lowest = _mm512_set1_ps(-87.0f), rounder = _mm512_set1_ps(12582912.0f);
  const __m512 t = _mm512_max_ps(lowest, x);
  const __m512 shifted = _mm512_fmadd_ps(t, _mm512_set1_ps(1.44269504088896341f), rounder);
  const __m512 whole = _mm512_sub_ps(shifted, rounder);
  __m512 r = _mm512_fmadd_ps(whole, _mm512_set1_ps(-0.693359375f), t);
  r = _mm512_fmadd_ps(whole, _mm512_set1_ps(2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
  const __m512 e = _mm512_add_ps(_mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r), _mm512_set1_ps(1.0f));
  return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, lowest, _CMP_NLT_UQ), e, whole);
}

// Row by row, everything in one pass after the maximum.
PARE_INLINE PARE_AVX512 void by_rows(const pare_softmax_f32 *step, const float *x, float *y) {
  const __m512 least = _mm512_set1_ps(-__builtin_inff());
  const int32_t whole = step->count / 16 * 16;
  const __mmask16 rest = (__mmask16)((1u << (step->count - whole)) - 1);
  for (int32_t row = 0; row < step->rows; row++, x += step->count, y += step->count) {
    __m512 highest = _mm512_mask_loadu_ps(least, rest, x + whole);
    for (int32_t i = 0; i < whole; i += 16) highest = _mm512_max_ps(highest, _mm512_loadu_ps(x + i));
    const __m512 shift = _mm512_set1_ps(_mm512_reduce_max_ps(highest));
    const __m512 last = exponential(_mm512_sub_ps(_mm512_maskz_loadu_ps(rest, x + whole), shift));
    __m512 sum = _mm512_maskz_mov_ps(rest, last);
    for (int32_t i = 0; i < whole; i += 16) {
      const __m512 e = exponential(_mm512_sub_ps(_mm512_loadu_ps(x + i), shift));
      _mm512_storeu_ps(y + i, e);
      sum = _mm512_add_ps(sum, e);
    }
    const __m512 share = _mm512_set1_ps(1.0f / _mm512_reduce_add_ps(sum));
    for (int32_t i = 0; i < whole; i += 16) _mm512_storeu_ps(y + i, _mm512_mul_ps(_mm512_loadu_ps(y + i), share));
    _mm512_mask_storeu_ps(y + whole, rest, _mm512_mul_ps(last, share));
  }
}

// Rows of whole vectors in three passes over all: a row by itself is a chain of two reductions and an exponential, too
// long to hide behind the next. (Rows that end within a vector are better off by themselves: the second pass would load
// what two stores have just written.)
PARE_INLINE PARE_AVX512 void by_passes(const pare_softmax_f32 *step, const float *x, float *y) {
  const int32_t count = step->count;
  float *row = y;
  for (int32_t r = 0; r < step->rows; r++, x += count, row += count) {
    __m512 highest = _mm512_loadu_ps(x);
    for (int32_t i = 16; i < count; i += 16) highest = _mm512_max_ps(highest, _mm512_loadu_ps(x + i));
    const __m512 shift = _mm512_set1_ps(_mm512_reduce_max_ps(highest));
    for (int32_t i = 0; i < count; i += 16) _mm512_storeu_ps(row + i, _mm512_sub_ps(_mm512_loadu_ps(x + i), shift));
  }
  const size_t all = (size_t)count * (size_t)step->rows;
  for (size_t i = 0; i < all; i += 16) _mm512_storeu_ps(y + i, exponential(_mm512_loadu_ps(y + i)));
  for (int32_t r = 0; r < step->rows; r++, y += count) {
    __m512 sum = _mm512_loadu_ps(y);
    for (int32_t i = 16; i < count; i += 16) sum = _mm512_add_ps(sum, _mm512_loadu_ps(y + i));
    const __m512 share = _mm512_set1_ps(1.0f / _mm512_reduce_add_ps(sum));
    for (int32_t i = 0; i < count; i += 16) _mm512_storeu_ps(y + i, _mm512_mul_ps(_mm512_loadu_ps(y + i), share));
  }
}

// A vector with each group of 2, 4 or 8 lanes folded into all of them.
PARE_INLINE PARE_AVX512 __m512 folded(__m512 v, const int count, const int takes_maximum) {
#define PARE_FOLD(other) v = takes_maximum ? _mm512_max_ps(v, other) : _mm512_add_ps(v, other)
  PARE_FOLD(_mm512_permute_ps(v, 0xb1));
  if (count > 2) PARE_FOLD(_mm512_permute_ps(v, 0x4e));
  if (count > 4) PARE_FOLD(_mm512_shuffle_f32x4(v, v, 0xb1));
#undef PARE_FOLD
  return v;
}

// Rows of 2, 4 or 8, several to a vector.
PARE_INLINE PARE_AVX512 void by_vectors(const pare_softmax_f32 *step, const float *x, float *y, const int count) {
  const size_t all = (size_t)count * (size_t)step->rows;
  for (size_t i = 0; i < all; i += 16) {
    const __mmask16 lanes = all - i >= 16 ? 0xffff : (__mmask16)((1u << (all - i)) - 1);
    const __m512 v = _mm512_maskz_loadu_ps(lanes, x + i);
    const __m512 e = exponential(_mm512_sub_ps(v, folded(v, count, 1)));
    const __m512 share = _mm512_div_ps(_mm512_set1_ps(1.0f), folded(e, count, 0));
    _mm512_mask_storeu_ps(y + i, lanes, _mm512_mul_ps(e, share));
  }
}

// Pairs: one exponential for both, since the larger's is 1. The bits of by_vectors.
PARE_INLINE PARE_AVX512 void by_pairs(const pare_softmax_f32 *step, const float *x, float *y) {
  const __m512i firsts = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i seconds = _mm512_add_epi32(firsts, _mm512_set1_epi32(1));
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
  const __m512 one = _mm512_set1_ps(1.0f);
  const int32_t whole = step->rows / 16 * 16;
  for (int32_t row = 0; row < whole; row += 16) {
    const __m512 v = _mm512_loadu_ps(x + 2 * row), w = _mm512_loadu_ps(x + 2 * row + 16);
    const __m512 a = _mm512_permutex2var_ps(v, firsts, w), b = _mm512_permutex2var_ps(v, seconds, w);
    const __mmask16 larger = _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
    // One of the two is 0, or NaN where the larger is infinite.
    const __m512 most = _mm512_max_ps(a, b);
    const __m512 e = exponential(_mm512_add_ps(_mm512_sub_ps(a, most), _mm512_sub_ps(b, most)));
    const __m512 share = _mm512_div_ps(one, _mm512_add_ps(one, e)), less = _mm512_mul_ps(e, share);
    const __m512 p = _mm512_mask_mov_ps(less, larger, share), q = _mm512_mask_mov_ps(share, larger, less);
    _mm512_storeu_ps(y + 2 * row, _mm512_permutex2var_ps(p, low, q));
    _mm512_storeu_ps(y + 2 * row + 16, _mm512_permutex2var_ps(p, high, q));
  }
  const pare_softmax_f32 rest = {.count = 2, .rows = step->rows - whole};
  by_vectors(&rest, x + 2 * whole, y + 2 * whole, 2);
}

PARE_AVX512 PARE_KERNEL(softmax_rows_f32, avx512) {
  const pare_softmax_f32 *step = operands;
  if (step->count == 8) by_vectors(step, input, output, 8);
  else if (step->count == 4) by_vectors(step, input, output, 4);
  else if (step->count == 2) by_pairs(step, input, output);
  else if (step->count % 16 == 0 && step->count > 0) by_passes(step, input, output);
  else by_rows(step, input, output);
}

#endif
