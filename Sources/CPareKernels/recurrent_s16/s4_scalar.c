#include "s4.h"

/// One output of a row; sums of a block are far from 32 bits, their total is taken modulo 2^32.
static int32_t accumulate(const pare_gate_products *layer, const uint8_t *x, size_t output) {
  const size_t groups = (size_t)layer->groups, size = (size_t)layer->block_groups;
  const size_t tile = output / PARE_TILE, lane = output % PARE_TILE, pair = tile / 2;
  const pair_run run = run_at(layer, pair / PARE_PAIRS * PARE_PAIRS);
  uint32_t total = (uint32_t)layer->bias[output];
  for (size_t block = 0; block < run.blocks; block++) {
    const size_t end = (block + 1) * size < groups ? (block + 1) * size : groups;
    int32_t sum = 0;
    for (size_t group = block * size; group < end; group++)
      for (size_t k = 0; k < PARE_GROUP; k++) {
        const int two = run.weights[((group * run.width + pair - run.first) * PARE_TILE + lane) * PARE_GROUP + k];
        sum += x[group * PARE_GROUP + k] * (tile % 2 == 0 ? (two & 15) - 8 : (two >> 4 ^ 8) - 8);
      }
    total += (uint32_t)(sum * run.multiplier[((block * run.width + pair - run.first) * 2 + tile % 2) * PARE_TILE + lane]);
  }
  return (int32_t)total;
}

void pare_gate_products_s4_scalar(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride
) {
  const int32_t rounding = layer->bits > 0 ? 1 << (layer->bits - 1) : 0;
  for (; rows > 0; rows--, x += x_stride, y += y_stride)
    for (size_t o = 0; o < (size_t)layer->tiles * PARE_TILE; o++) {
      const int32_t scaled = (accumulate(layer, x, o) >> layer->shift[o]) * layer->multiplier[o] + rounding;
      const int32_t value = scaled >> layer->bits;
      y[o] = (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
    }
}
