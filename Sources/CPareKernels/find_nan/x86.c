#include "../cpu/variant.h"

#ifdef PARE_X86

PARE_INLINE PARE_AVX2 int32_t any_avx2(const float *x, int32_t count) {
  __m256 unordered = _mm256_setzero_ps();
  int32_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 v = _mm256_loadu_ps(x + i);
    unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  }
  int32_t found = _mm256_movemask_ps(unordered) != 0;
  for (; i < count; i++) found |= x[i] != x[i];
  return found;
}

PARE_AVX2 PARE_KERNEL(find_nan, avx2) {
  const pare_find_nan *step = operands;
  const float *x = input;
  int32_t *found = output;
  for (int32_t row = 0; row < step->rows; row++, x += step->count) found[row] = any_avx2(x, step->count);
}

PARE_INLINE PARE_AVX512 int32_t any_avx512(const float *x, int32_t count) {
  __mmask16 unordered = 0;
  for (int32_t i = 0; i < count; i += 16) {
    const int32_t rest = count - i;
    const __mmask16 lanes = rest >= 16 ? 0xffff : (__mmask16)((1u << rest) - 1);
    const __m512 v = _mm512_maskz_loadu_ps(lanes, x + i);
    unordered |= _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
  }
  return unordered != 0;
}

PARE_AVX512 PARE_KERNEL(find_nan, avx512) {
  const pare_find_nan *step = operands;
  const float *x = input;
  int32_t *found = output;
  for (int32_t row = 0; row < step->rows; row++, x += step->count) found[row] = any_avx512(x, step->count);
}

#endif
