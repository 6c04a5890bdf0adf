#include "x86.h"

#ifdef PARE_X86

PARE_AVX2 PARE_KERNEL(normalize_f32, avx2) {
  const pare_normalize *step = operands;
  float *y = output;
  for (int32_t i = 0; i < step->count; i += 8)
    _mm256_store_ps(y + i, pare_normalized_avx2(step, i, pare_features_avx2(input, step->count, i)));
}

PARE_AVX512 PARE_KERNEL(normalize_f32, avx512) {
  const pare_normalize *step = operands;
  float *y = output;
  for (int32_t i = 0; i < step->count; i += 16) {
    const __m512 x = _mm512_maskz_loadu_ps(pare_lanes(step->count, i), (const float *)input + i);
    _mm512_store_ps(y + i, pare_normalized_avx512(step, i, x));
  }
}

#endif
