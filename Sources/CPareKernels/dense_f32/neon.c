#include "../cpu/variant.h"

#ifdef PARE_ARM

PARE_KERNEL(dense_f32, neon) {
  const pare_dense_f32 *layer = operands;
  const float *x = input, *w = layer->weights;
  float *y = output;
  const float32x4_t zero = vdupq_n_f32(0);
  for (int32_t tile = 0; tile < layer->tiles; tile++, y += PARE_TILE) {
    // Two sums each, of even and of odd inputs.
    float32x4_t sum[2][4];
    for (int quarter = 0; quarter < 4; quarter++) {
      sum[0][quarter] = vld1q_f32(layer->bias + tile * PARE_TILE + quarter * 4);
      sum[1][quarter] = zero;
    }
    for (int32_t i = 0; i < layer->inputs; i++, w += PARE_TILE)
      for (int quarter = 0; quarter < 4; quarter++)
        sum[i % 2][quarter] = vfmaq_n_f32(sum[i % 2][quarter], vld1q_f32(w + quarter * 4), x[i]);
    for (int quarter = 0; quarter < 4; quarter++) {
      const float32x4_t total = vaddq_f32(sum[0][quarter], sum[1][quarter]);
      // NaN is not below 0, so Relu passes it on.
      vst1q_f32(y + quarter * 4, layer->relu ? vbslq_f32(vcltq_f32(total, zero), zero, total) : total);
    }
  }
}

#endif
