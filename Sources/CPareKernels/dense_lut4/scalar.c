#include "../cpu/variant.h"

PARE_KERNEL(dense_lut4, scalar) {
  const pare_dense_lut4 *layer = operands;
  const float *x = input;
  const uint8_t *pair = layer->indices;
  float *y = output;
  for (int32_t tile = 0; tile < layer->tiles; tile++, y += PARE_TILE) {
    float sum[PARE_TILE];
    for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] = layer->bias[tile * PARE_TILE + lane];
    for (int32_t i = 0; i < layer->inputs; i += 2, pair += PARE_TILE)
      for (int32_t lane = 0; lane < PARE_TILE; lane++) {
        sum[lane] += x[i] * layer->table[pair[lane] & 15];
        if (i + 1 < layer->inputs) sum[lane] += x[i + 1] * layer->table[pair[lane] >> 4];
      }
    for (int32_t lane = 0; lane < PARE_TILE; lane++) y[lane] = layer->relu && sum[lane] < 0 ? 0 : sum[lane];
  }
}
