// Private: the kernels, compiled once per instruction set. See vector_passes.h; besides, a variant says what it needs
// (PARE_NEEDS) and how many tiles of one row it sums at once (PARE_ROW_TILES), which is a matter of speed alone.
#include "../elementwise/special_functions.h"
#include "pare_recurrent_f32.h"

#define PARE_TILE_INLINE static inline __attribute__((always_inline)) PARE_TARGET

PARE_TILE_INLINE void sum_tiles(
  const pare_dense_f32 *layer, const float *x, size_t x_stride, float *y, size_t y_stride, int32_t first, const int rows,
  const int tiles
) {
  const size_t inputs = (size_t)layer->inputs;
  const float *w = layer->weights + (size_t)first * inputs * PARE_TILE;
  pare_v16 sum[4][PARE_ROW_TILES];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int t = 0; t < tiles; t++) sum[r][t] = PARE_LOAD16(layer->bias + (first + t) * PARE_TILE);
  for (size_t i = 0; i < inputs; i++)
#pragma clang loop unroll(full)
    for (int t = 0; t < tiles; t++) {
      const pare_v16 weights = PARE_LOAD16(w + ((size_t)t * inputs + i) * PARE_TILE);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        const pare_v16 v = (pare_v16){} + x[(size_t)r * x_stride + i];
        sum[r][t] = PARE_FUSED16(v, weights, sum[r][t]);
      }
    }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int t = 0; t < tiles; t++) PARE_STORE16(y + (size_t)r * y_stride + (first + t) * PARE_TILE, sum[r][t]);
}

PARE_KERNEL void products(
  const pare_dense_f32 *layer, const float *x, size_t x_stride, size_t rows, float *y, size_t y_stride
) {
  const int32_t tiles = layer->tiles;
  for (; rows >= 4; rows -= 4, x += 4 * x_stride, y += 4 * y_stride) {
    int32_t tile = 0;
    for (; tile + PARE_ROW_TILES / 2 <= tiles; tile += PARE_ROW_TILES / 2)
      sum_tiles(layer, x, x_stride, y, y_stride, tile, 4, PARE_ROW_TILES / 2);
    for (; tile < tiles; tile++) sum_tiles(layer, x, x_stride, y, y_stride, tile, 4, 1);
  }
  for (; rows > 0; rows--, x += x_stride, y += y_stride) {
    int32_t tile = 0;
    for (; tile + PARE_ROW_TILES <= tiles; tile += PARE_ROW_TILES)
      sum_tiles(layer, x, 0, y, 0, tile, 1, PARE_ROW_TILES);
    for (; tile + 2 <= tiles; tile += 2) sum_tiles(layer, x, 0, y, 0, tile, 1, 2);
    if (tile < tiles) sum_tiles(layer, x, 0, y, 0, tile, 1, 1);
  }
}

PARE_KERNEL void lstm(int32_t hidden, const float *by_input, const float *by_state, float *c, float *h) {
  const int32_t n = hidden;
  for (int32_t first = 0; first < n; first += PARE_LANES) {
    float gate[4][PARE_LANES], cell[PARE_LANES];
    for (int g = 0; g < 4; g++)
      for (int lane = 0; lane < PARE_LANES; lane++)
        gate[g][lane] = by_input[g * n + first + lane] + by_state[g * n + first + lane];
    for (int lane = 0; lane < PARE_LANES; lane++) {
      const float i = pare_sigmoid(gate[0][lane]), o = pare_sigmoid(gate[1][lane]), f = pare_sigmoid(gate[2][lane]);
      cell[lane] = f * c[first + lane] + i * pare_hyperbolic_tangent(gate[3][lane]);
      gate[1][lane] = o * pare_hyperbolic_tangent(cell[lane]);
    }
    __builtin_memcpy(c + first, cell, sizeof cell);
    __builtin_memcpy(h + first, gate[1], sizeof cell);
  }
}

PARE_KERNEL void gru(int32_t hidden, const float *by_input, const float *by_state, float *c, float *h) {
  (void)c;
  const int32_t n = hidden;
  for (int32_t first = 0; first < n; first += PARE_LANES) {
    float next[PARE_LANES];
    for (int lane = 0; lane < PARE_LANES; lane++) {
      const int32_t u = first + lane;
      const float z = pare_sigmoid(by_input[u] + by_state[u]), r = pare_sigmoid(by_input[n + u] + by_state[n + u]);
      const float value = pare_hyperbolic_tangent(by_input[2 * n + u] + r * by_state[2 * n + u]);
      next[lane] = (1.0f - z) * value + z * h[u];
    }
    __builtin_memcpy(h + first, next, sizeof next);
  }
}

extern const pare_recurrent_f32_kernels PARE_JOIN(pare_recurrent_f32_, PARE_VARIANT);
const pare_recurrent_f32_kernels PARE_JOIN(pare_recurrent_f32_, PARE_VARIANT) = {
  PARE_VARIANT_NAME, PARE_NEEDS, products, lstm, gru};
