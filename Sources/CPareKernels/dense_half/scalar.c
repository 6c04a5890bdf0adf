#include "../cpu/variant.h"

/// A half as a float, exactly. Subnormal ones are multiples of 2^-24.
PARE_INLINE float of_f16(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 0) {
    const float magnitude = (float)fraction * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  const uint32_t bits = sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}

PARE_INLINE float of_bf16(uint16_t half) {
  const uint32_t bits = (uint32_t)half << 16;
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}

PARE_INLINE void run(const pare_dense_half *layer, const float *x, float *y, float (*widened)(uint16_t)) {
  const uint16_t *w = layer->weights;
  for (int32_t tile = 0; tile < layer->tiles; tile++, y += PARE_TILE) {
    float sum[PARE_TILE];
    for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] = layer->bias[tile * PARE_TILE + lane];
    for (int32_t i = 0; i < layer->inputs; i++, w += PARE_TILE)
      for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] += x[i] * widened(w[lane]);
    for (int32_t lane = 0; lane < PARE_TILE; lane++) y[lane] = layer->relu && sum[lane] < 0 ? 0 : sum[lane];
  }
}

PARE_KERNEL(dense_f16, scalar) { run(operands, input, output, of_f16); }
PARE_KERNEL(dense_bf16, scalar) { run(operands, input, output, of_bf16); }
