#ifndef PARE_RECURRENT_S16_S4_H
#define PARE_RECURRENT_S16_S4_H

#include "table.h"

// What the products with weights of four bits share: docs/integer-arithmetic.md, §15.

/// Rows whose sums of inputs are kept at a time.
enum { PARE_S4_ROWS = 8 };

/// For each block, minus 8 times the sum of its inputs: what a product with weights that are 8 more than they are has too
/// much. Reads whole groups.
PARE_INLINE void block_offsets(const pare_gate_products *layer, const uint8_t *x, int32_t offsets[PARE_GATE_BLOCKS]) {
  const size_t count = (size_t)layer->groups * PARE_GROUP, size = (size_t)layer->block_groups * PARE_GROUP;
  size_t block = 0;
  for (; (block + 1) * size <= count; block++) {
    int32_t sum = 0;
    for (size_t i = 0; i < size; i += 32)
      for (size_t k = 0; k < 32; k++) sum += x[block * size + i + k];
    offsets[block] = -8 * sum;
  }
  if (block * size == count) return;
  int32_t sum = 0;
  for (size_t i = block * size; i < count; i += PARE_GROUP)
    for (size_t k = 0; k < PARE_GROUP; k++) sum += x[i + k];
  offsets[block] = -8 * sum;
}

/// A run of pairs that lie side by side.
typedef struct {
  size_t first, width, blocks;
  const uint8_t *weights;      // [groups][width][PARE_TILE][PARE_GROUP]
  const uint8_t *multiplier;   // [blocks][width][2][PARE_TILE]
} pair_run;

PARE_INLINE size_t pair_count(const pare_gate_products *layer) { return ((size_t)layer->tiles + 1) / 2; }

/// The run that begins with a pair.
PARE_INLINE pair_run run_at(const pare_gate_products *layer, size_t first) {
  const size_t groups = (size_t)layer->groups, size = (size_t)layer->block_groups, left = pair_count(layer) - first;
  const size_t blocks = (groups + size - 1) / size;
  return (pair_run){
    first, left < PARE_PAIRS ? left : PARE_PAIRS, blocks,
    (const uint8_t *)layer->weights + first * groups * PARE_TILE * PARE_GROUP,
    layer->block_multiplier + first * blocks * 2 * PARE_TILE};
}

#endif
