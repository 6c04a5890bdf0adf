#include "../cpu/variant.h"

PARE_KERNEL(dense_f32, scalar) {
  const pare_dense_f32 *layer = operands;
  const float *x = input, *w = layer->weights;
  float *y = output;
  for (int32_t tile = 0; tile < layer->tiles; tile++, y += PARE_TILE) {
    float sum[PARE_TILE];
    for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] = layer->bias[tile * PARE_TILE + lane];
    for (int32_t i = 0; i < layer->inputs; i++, w += PARE_TILE)
      for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] += x[i] * w[lane];
    for (int32_t lane = 0; lane < PARE_TILE; lane++) y[lane] = layer->relu && sum[lane] < 0 ? 0 : sum[lane];
  }
}
