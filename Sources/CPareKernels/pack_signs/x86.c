#include "../normalize_f32/x86.h"

#ifdef PARE_X86

PARE_AVX2 PARE_KERNEL(pack_signs, avx2) {
  const pare_pack_signs *step = operands;
  uint8_t *bits = output;
  const int32_t bytes = (int32_t)pare_sign_words((size_t)step->count) * (PARE_SIGN_WORD / 8);
  for (int32_t byte = 0; byte < bytes; byte++) {
    const int32_t rest = step->count - byte * 8;
    if (rest <= 0) {
      bits[byte] = 0;
      continue;
    }
    const __m256 x = pare_features_avx2(input, step->count, byte * 8);
    const int eight = _mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GE_OQ));
    bits[byte] = (uint8_t)(rest >= 8 ? eight : eight & ((1 << rest) - 1));
  }
}

PARE_AVX512 PARE_KERNEL(pack_signs, avx512) {
  const pare_pack_signs *step = operands;
  uint16_t *bits = output;
  const int32_t halves = (int32_t)pare_sign_words((size_t)step->count) * 2;
  for (int32_t half = 0; half < halves; half++) {
    const int32_t rest = step->count - half * 16;
    const __mmask16 lanes = rest <= 0 ? 0 : pare_lanes(step->count, half * 16);
    const __m512 x = _mm512_maskz_loadu_ps(lanes, (const float *)input + half * 16);
    bits[half] = _mm512_mask_cmp_ps_mask(lanes, x, _mm512_setzero_ps(), _CMP_GE_OQ);
  }
}

#endif
