#include "../cpu/requantize.h"

// Sums are taken modulo 2^32, as in dense_u8s8.

/// Where a walk over the tiles is.
typedef struct {
  const int32_t *counts, *columns;
  const int8_t *weights;
  const uint8_t *x;
} pare_walk;

static pare_walk begin(const pare_sparse_u8s8 *of, const uint8_t *x) {
  return (pare_walk){of->counts, of->columns, of->layer.weights, x};
}

static void block_tile(pare_walk *at, uint32_t sum[PARE_TILE]) {
  for (int32_t left = *at->counts++; left > 0; left--, at->weights += PARE_LINE) {
    const uint8_t *x = at->x + *at->columns++;
    for (int32_t slot = 0; slot < PARE_LINE; slot++)
      sum[slot / PARE_GROUP] += (uint32_t)(x[slot % PARE_GROUP] * at->weights[slot]);
  }
}

/// Adds what one entry holds, each index being `bits` wide from bit `shift` on.
PARE_INLINE void add_entry(
  const uint8_t *x, const int8_t *indices, int shift, int bits, const int8_t *weights, uint32_t sum[PARE_TILE]
) {
  for (int32_t slot = 0; slot < PARE_LINE; slot++) {
    const int index = (uint8_t)indices[slot] >> shift & ((1 << bits) - 1);
    sum[slot / PARE_GROUP] += (uint32_t)(x[index] * weights[slot]);
  }
}

static void narrow_tile(pare_walk *at, uint32_t sum[PARE_TILE]) {
  const int32_t pairs = at->counts[0], all = pairs + at->counts[1];
  at->counts += 2;
  for (int32_t i = 0; i < all; i++, at->weights += 3 * PARE_LINE) {
    const int32_t *column = at->columns;
    at->columns += i < pairs ? 1 : 2;
    add_entry(at->x + column[0], at->weights, 0, 4, at->weights + PARE_LINE, sum);
    add_entry(at->x + column[i < pairs ? 0 : 1], at->weights, 4, 4, at->weights + 2 * PARE_LINE, sum);
  }
}

static void wide_tile(pare_walk *at, uint32_t sum[PARE_TILE]) {
  const int32_t paired = 2 * at->counts[0], all = paired + at->counts[1];
  at->counts += 2;
  for (int32_t i = 0; i < all; i++, at->weights += 2 * PARE_LINE) {
    add_entry(at->x + *at->columns, at->weights, 0, 6, at->weights + PARE_LINE, sum);
    at->columns += i >= paired || i % 2;
  }
}

PARE_INLINE void run_u8(
  const pare_sparse_u8s8 *of, const uint8_t *x, uint8_t *y, void (*add_tile)(pare_walk *, uint32_t *)
) {
  const pare_dense_u8s8 *layer = &of->layer;
  pare_walk at = begin(of, x);
  for (int32_t o = 0; o < layer->tiles * PARE_TILE; o += PARE_TILE) {
    uint32_t sum[PARE_TILE];
    for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] = (uint32_t)layer->bias[o + lane];
    add_tile(&at, sum);
    for (int32_t lane = 0; lane < PARE_TILE; lane++)
      y[o + lane] = pare_requantize(
        (int32_t)sum[lane], layer->multiplier[o + lane], layer->shift[o + lane], layer->zero_point, layer->low);
  }
}

PARE_INLINE void run_f32(
  const pare_sparse_u8s8 *of, const uint8_t *x, float *y, void (*add_tile)(pare_walk *, uint32_t *)
) {
  const pare_dense_u8s8 *layer = &of->layer;
  pare_walk at = begin(of, x);
  for (int32_t o = 0; o < layer->tiles * PARE_TILE; o += PARE_TILE) {
    uint32_t sum[PARE_TILE];
    for (int32_t lane = 0; lane < PARE_TILE; lane++) sum[lane] = (uint32_t)layer->bias[o + lane];
    add_tile(&at, sum);
    for (int32_t lane = 0; lane < PARE_TILE; lane++) y[o + lane] = (float)(int32_t)sum[lane] * layer->scale[o + lane];
  }
}

PARE_KERNEL(dense_block_u8s8_u8, scalar) { run_u8(operands, input, output, block_tile); }
PARE_KERNEL(dense_block_u8s8_f32, scalar) { run_f32(operands, input, output, block_tile); }
PARE_KERNEL(dense_slots16_u8s8_u8, scalar) { run_u8(operands, input, output, narrow_tile); }
PARE_KERNEL(dense_slots16_u8s8_f32, scalar) { run_f32(operands, input, output, narrow_tile); }
PARE_KERNEL(dense_slots64_u8s8_u8, scalar) { run_u8(operands, input, output, wide_tile); }
PARE_KERNEL(dense_slots64_u8s8_f32, scalar) { run_f32(operands, input, output, wide_tile); }
