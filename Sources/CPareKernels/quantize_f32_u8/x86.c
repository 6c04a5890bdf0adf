#include "../normalize_f32/x86.h"

#ifdef PARE_X86

PARE_AVX2 PARE_KERNEL(quantize_f32_u8, avx2) {
  const pare_normalize *step = operands;
  uint8_t *q = output;
  const __m256 lowest = _mm256_set1_ps((float)-step->zero_point);
  const __m256 highest = _mm256_set1_ps((float)(255 - step->zero_point));
  for (int32_t i = 0; i < step->count; i += 8) {
    const __m256 y = pare_normalized_avx2(step, i, pare_features_avx2(input, step->count, i));
    __m256 t = _mm256_mul_ps(y, _mm256_set1_ps(step->reciprocal));
    t = _mm256_and_ps(t, _mm256_cmp_ps(t, t, _CMP_ORD_Q));
    t = _mm256_min_ps(_mm256_max_ps(t, lowest), highest);
    const __m256i r = _mm256_add_epi32(_mm256_cvtps_epi32(t), _mm256_set1_epi32(step->zero_point));
    const __m128i r16 = _mm_packus_epi32(_mm256_castsi256_si128(r), _mm256_extracti128_si256(r, 1));
    _mm_storel_epi64((__m128i *)(q + i), _mm_packus_epi16(r16, r16));
  }
}

PARE_AVX512 PARE_KERNEL(quantize_f32_u8, avx512) {
  const pare_normalize *step = operands;
  uint8_t *q = output;
  const __m512 lowest = _mm512_set1_ps((float)-step->zero_point);
  const __m512 highest = _mm512_set1_ps((float)(255 - step->zero_point));
  for (int32_t i = 0; i < step->count; i += 16) {
    const __m512 x = _mm512_maskz_loadu_ps(pare_lanes(step->count, i), (const float *)input + i);
    __m512 t = _mm512_mul_ps(pare_normalized_avx512(step, i, x), _mm512_set1_ps(step->reciprocal));
    t = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(t, t, _CMP_ORD_Q), t);
    t = _mm512_min_ps(_mm512_max_ps(t, lowest), highest);
    const __m512i r = _mm512_add_epi32(_mm512_cvtps_epi32(t), _mm512_set1_epi32(step->zero_point));
    _mm_store_si128((__m128i *)(q + i), _mm512_cvtepi32_epi8(r));
  }
}

#endif
