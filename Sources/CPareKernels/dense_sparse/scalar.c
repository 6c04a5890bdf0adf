#include "../cpu/variant.h"

PARE_INLINE void finish(const float *sum, int32_t relu, float *y) {
  for (int32_t lane = 0; lane < PARE_TILE; lane++) y[lane] = relu && sum[lane] < 0 ? 0 : sum[lane];
}

PARE_KERNEL(dense_block_f32, scalar) {
  const pare_dense_block *layer = operands;
  const float *x = input;
  float *y = output;
  for (int32_t tile = 0; tile < layer->tiles; tile++, y += PARE_TILE) {
    float sum[PARE_TILE];
    for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] = layer->bias[tile * PARE_TILE + lane];
    for (int32_t at = layer->starts[tile]; at < layer->starts[tile + 1]; at++)
      for (int32_t lane = 0; lane < PARE_TILE; lane++)
        sum[lane] += x[layer->columns[at]] * layer->weights[(size_t)at * PARE_TILE + (size_t)lane];
    finish(sum, layer->relu, y);
  }
}

PARE_KERNEL(dense_slots_f32, scalar) {
  const pare_dense_slots *layer = operands;
  const uint8_t *count = layer->counts, *index = layer->indices;
  const float *w = layer->weights;
  float *y = output;
  for (int32_t tile = 0; tile < layer->tiles; tile++, y += PARE_TILE) {
    float sum[PARE_TILE];
    for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] = layer->bias[tile * PARE_TILE + lane];
    const float *x = input;
    for (int32_t block = 0; block < layer->blocks; block++, count++, x += PARE_SLOT_BLOCK)
      for (int32_t slot = 0; slot < *count; slot++, index += PARE_TILE, w += PARE_TILE)
        for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] += x[index[lane]] * w[lane];
    finish(sum, layer->relu, y);
  }
}
