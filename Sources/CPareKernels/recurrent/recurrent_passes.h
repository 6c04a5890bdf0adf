// Private: the steps of recurrent layers, compiled once per instruction set. See vector_passes.h; besides, a variant
// says how many lanes its vectors have (PARE_WIDTH) and how many rows a tile of registers takes (PARE_TILE_ROWS), which
// are a matter of speed alone.
//
// A tile holds the sums of some rows for the four gates of PARE_WIDTH units at once, so that a step's products never
// touch memory before they have become a state.
#include "../vector_passes.h"

#define PARE_TILE_INLINE static inline __attribute__((always_inline)) PARE_TARGET
#define PARE_TILE_COLUMNS 4

typedef float pare_vector __attribute__((ext_vector_type(PARE_WIDTH)));

PARE_TILE_INLINE pare_vector load(const float *from) {
  pare_vector v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

PARE_TILE_INLINE void store(float *to, pare_vector v) { __builtin_memcpy(to, &v, sizeof v); }

// The first lanes of a vector that may lie at an array's end.
PARE_TILE_INLINE void copy_lanes(float *to, const float *from, size_t lanes) {
  if (lanes == PARE_WIDTH) {
    __builtin_memcpy(to, from, PARE_WIDTH * sizeof(float));
  } else {
    for (size_t lane = 0; lane < lanes; lane++) to[lane] = from[lane];
  }
}

PARE_KERNEL void pack(const float *w, float *panels, size_t gates, size_t hidden, size_t depth) {
  for (size_t first = 0; first < hidden; first += PARE_WIDTH) {
    for (size_t k = 0; k < depth; k++) {
      for (size_t gate = 0; gate < gates; gate++) {
        for (size_t lane = 0; lane < PARE_WIDTH; lane++) {
          const size_t unit = first + lane;
          *panels++ = unit < hidden ? w[(gate * hidden + unit) * depth + k] : 0;
        }
      }
    }
  }
}

// sum[row][slot] += a[row, k] * panel[k][gate] over k. Gates go to slots of their number, but the last to `last`.
PARE_TILE_INLINE void accumulate(
    pare_vector sum[PARE_TILE_ROWS][4], const float *a, size_t a_row, size_t a_depth, const float *b, size_t b_stride,
    size_t depth, const int rows, const int gates, const int last) {
  for (size_t k = 0; k < depth; k++) {
    pare_vector v[4];
#pragma clang loop unroll(full)
    for (int gate = 0; gate < gates; gate++) v[gate] = load(b + k * b_stride + gate * PARE_WIDTH);
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
      const pare_vector u = (pare_vector)a[row * a_row + k * a_depth];
#pragma clang loop unroll(full)
      for (int gate = 0; gate < gates; gate++) {
        const int slot = gate == gates - 1 ? last : gate;
        sum[row][slot] = __builtin_elementwise_fma(u, v[gate], sum[row][slot]);
      }
    }
  }
}

// The arguments of four gates for PARE_WIDTH units of some rows: slot by slot, PARE_WIDTH lanes each.
PARE_TILE_INLINE void gate_arguments(
    const pare_recurrent_step *s, size_t first, size_t row, float arguments[PARE_TILE_ROWS][4][PARE_WIDTH],
    const int rows, const int gates) {
  pare_vector sum[PARE_TILE_ROWS][4];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (int slot = 0; slot < 4; slot++) sum[r][slot] = load(s->bias + first * 4 + slot * PARE_WIDTH);
  }
  const size_t stride = (size_t)gates * PARE_WIDTH;
  accumulate(
      sum, s->x + row * s->x_stride, s->x_stride, 1, s->input_panels + first * gates * s->features, stride, s->features,
      rows, gates, gates - 1);
  if (s->h) {
    accumulate(
        sum, s->h + row * s->h_stride, s->h_stride, 1, s->state_panels + first * gates * s->hidden, stride, s->hidden,
        rows, gates, 3);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (int slot = 0; slot < 4; slot++) store(arguments[r][slot], sum[r][slot]);
  }
}

PARE_TILE_INLINE void lstm_tile(const pare_recurrent_step *s, size_t first, size_t row, const int rows) {
  float arguments[PARE_TILE_ROWS][4][PARE_WIDTH];
  gate_arguments(s, first, row, arguments, rows, 4);
  const size_t lanes = s->hidden - first < PARE_WIDTH ? s->hidden - first : PARE_WIDTH;
  for (int r = 0; r < rows; r++) {
    float cell[PARE_WIDTH] = {0}, state[PARE_WIDTH];
    if (s->c) copy_lanes(cell, s->c + (row + r) * s->c_stride + first, lanes);
    float *i = arguments[r][0], *o = arguments[r][1], *f = arguments[r][2], *q = arguments[r][3];
    for (size_t lane = 0; lane < PARE_WIDTH; lane++) {
      i[lane] = pare_sigmoid(i[lane]);
      o[lane] = pare_sigmoid(o[lane]);
      f[lane] = pare_sigmoid(f[lane]);
      q[lane] = pare_hyperbolic_tangent(q[lane]);
      cell[lane] = f[lane] * cell[lane] + i[lane] * q[lane];
      state[lane] = o[lane] * pare_hyperbolic_tangent(cell[lane]);
    }
    copy_lanes(s->y + (row + r) * s->y_stride + first, state, lanes);
    copy_lanes(s->c_next + (row + r) * s->c_next_stride + first, cell, lanes);
    if (s->gates) {
      float *gates = s->gates + (row + r) * s->gates_stride + first;
      for (size_t slot = 0; slot < 4; slot++) copy_lanes(gates + slot * s->hidden, arguments[r][slot], lanes);
    }
  }
}

PARE_TILE_INLINE void gru_tile(const pare_recurrent_step *s, size_t first, size_t row, const int rows) {
  float arguments[PARE_TILE_ROWS][4][PARE_WIDTH];
  gate_arguments(s, first, row, arguments, rows, 3);
  const size_t lanes = s->hidden - first < PARE_WIDTH ? s->hidden - first : PARE_WIDTH;
  for (int r = 0; r < rows; r++) {
    float state[PARE_WIDTH] = {0};
    if (s->h) copy_lanes(state, s->h + (row + r) * s->h_stride + first, lanes);
    float *z = arguments[r][0], *reset = arguments[r][1], *n = arguments[r][2], *linear = arguments[r][3];
    for (size_t lane = 0; lane < PARE_WIDTH; lane++) {
      z[lane] = pare_sigmoid(z[lane]);
      reset[lane] = pare_sigmoid(reset[lane]);
      n[lane] = pare_hyperbolic_tangent(n[lane] + reset[lane] * linear[lane]);
      state[lane] = (1.0f - z[lane]) * n[lane] + z[lane] * state[lane];
    }
    copy_lanes(s->y + (row + r) * s->y_stride + first, state, lanes);
    if (s->gates) {
      float *gates = s->gates + (row + r) * s->gates_stride + first;
      for (size_t slot = 0; slot < 4; slot++) copy_lanes(gates + slot * s->hidden, arguments[r][slot], lanes);
    }
  }
}

// Panel by panel, so that a panel stays in the nearest cache for all rows.
#define PARE_STEP(NAME, TILE)                                                   \
  PARE_KERNEL void NAME(const pare_recurrent_step *step) {                      \
    const pare_recurrent_step s = *step;                                        \
    for (size_t first = 0; first < s.hidden; first += PARE_WIDTH) {             \
      size_t row = 0;                                                           \
      for (; row + PARE_TILE_ROWS <= s.rows; row += PARE_TILE_ROWS) TILE(&s, first, row, PARE_TILE_ROWS); \
      for (; row + 2 <= s.rows; row += 2) TILE(&s, first, row, 2);              \
      for (; row < s.rows; row++) TILE(&s, first, row, 1);                      \
    }                                                                           \
  }

PARE_STEP(lstm, lstm_tile)
PARE_STEP(gru, gru_tile)

// The first lanes of an array, 0 in the others.
PARE_TILE_INLINE void load_lanes(float to[PARE_WIDTH], const float *from, size_t lanes) {
  for (size_t lane = lanes; lane < PARE_WIDTH; lane++) to[lane] = 0;
  copy_lanes(to, from, lanes);
}

PARE_TILE_INLINE void copy_all(float *to, const float *from) { __builtin_memcpy(to, from, PARE_WIDTH * sizeof(float)); }

// The gates of PARE_WIDTH units of a row, and dh with dy added.
PARE_TILE_INLINE void gradient_operands(
    const pare_recurrent_step_gradient *s, size_t row, size_t first, float gates[][PARE_WIDTH], const size_t slots,
    float dh[PARE_WIDTH]) {
  const size_t lanes = s->hidden - first < PARE_WIDTH ? s->hidden - first : PARE_WIDTH;
  for (size_t slot = 0; slot < slots; slot++)
    load_lanes(gates[slot], s->gates + row * s->gates_stride + slot * s->hidden + first, lanes);
  copy_all(dh, s->dh + row * s->padded + first);
  if (s->dy) {
    float dy[PARE_WIDTH];
    load_lanes(dy, s->dy + row * s->dy_stride + first, lanes);
    for (size_t lane = 0; lane < PARE_WIDTH; lane++) dh[lane] += dy[lane];
  }
}

// Lanes beyond the last unit hold zeros, and so yield zeros.
PARE_TILE_INLINE void store_products(
    const pare_recurrent_step_gradient *s, size_t row, size_t first, float products[4][PARE_WIDTH]) {
  for (size_t slot = 0; slot < 4; slot++) {
    float sums[PARE_WIDTH];
    copy_all(sums, s->sums + slot * s->padded + first);
    for (size_t lane = 0; lane < PARE_WIDTH; lane++) sums[lane] += products[slot][lane];
    copy_all(s->sums + slot * s->padded + first, sums);
    copy_all(s->products + row * s->products_stride + slot * s->padded + first, products[slot]);
  }
}

PARE_TILE_INLINE void lstm_gradient_block(const pare_recurrent_step_gradient *s, size_t row, size_t first) {
  float gates[5][PARE_WIDTH], dh[PARE_WIDTH], dc[PARE_WIDTH], before[PARE_WIDTH], products[4][PARE_WIDTH];
  gradient_operands(s, row, first, gates, 5, dh);
  copy_all(dc, s->dc + row * s->padded + first);
  copy_all(before, s->c + row * s->padded + first);
  for (size_t lane = 0; lane < PARE_WIDTH; lane++) {
    const float i = gates[0][lane], o = gates[1][lane], f = gates[2][lane], q = gates[3][lane];
    const float value = pare_hyperbolic_tangent(gates[4][lane]);
    const float d = dc[lane] + dh[lane] * o * (1.0f - value * value);
    products[0][lane] = d * q * (i * (1.0f - i));
    products[1][lane] = dh[lane] * value * (o * (1.0f - o));
    products[2][lane] = d * before[lane] * (f * (1.0f - f));
    products[3][lane] = d * i * (1.0f - q * q);
    dc[lane] = d * f;
    dh[lane] = 0;
  }
  store_products(s, row, first, products);
  copy_all(s->dc + row * s->padded + first, dc);
  copy_all(s->dh + row * s->padded + first, dh);
}

PARE_TILE_INLINE void gru_gradient_block(const pare_recurrent_step_gradient *s, size_t row, size_t first) {
  float gates[4][PARE_WIDTH], dh[PARE_WIDTH], before[PARE_WIDTH], products[4][PARE_WIDTH];
  gradient_operands(s, row, first, gates, 4, dh);
  copy_all(before, s->h + row * s->padded + first);
  for (size_t lane = 0; lane < PARE_WIDTH; lane++) {
    const float z = gates[0][lane], r = gates[1][lane], value = gates[2][lane], linear = gates[3][lane];
    const float by_n = dh[lane] * (1.0f - z) * (1.0f - value * value);
    products[0][lane] = by_n;
    products[1][lane] = dh[lane] * (before[lane] - value) * (z * (1.0f - z));
    products[2][lane] = by_n * linear * (r * (1.0f - r));
    products[3][lane] = by_n * r;
    dh[lane] = dh[lane] * z;
  }
  store_products(s, row, first, products);
  copy_all(s->dh + row * s->padded + first, dh);
}

#define PARE_STEP_GRADIENT(NAME, BLOCK)                                                       \
  PARE_KERNEL void NAME(const pare_recurrent_step_gradient *step) {                           \
    const pare_recurrent_step_gradient s = *step;                                             \
    for (size_t row = 0; row < s.rows; row++) {                                               \
      if (s.active && !s.active[row]) {                                                       \
        __builtin_memset(s.products + row * s.products_stride, 0, 4 * s.padded * sizeof(float)); \
        continue;                                                                             \
      }                                                                                       \
      for (size_t first = 0; first < s.hidden; first += PARE_WIDTH) BLOCK(&s, row, first);    \
    }                                                                                         \
  }

PARE_STEP_GRADIENT(lstm_gradient, lstm_gradient_block)
PARE_STEP_GRADIENT(gru_gradient, gru_gradient_block)

PARE_TILE_INLINE void product_tile(
    const float *a, size_t a_row, size_t a_depth, const float *b, size_t b_stride, float *c, size_t c_stride,
    size_t depth, const int rows, const int columns) {
  pare_vector sum[PARE_TILE_ROWS][4];
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
    for (int column = 0; column < columns; column++) sum[row][column] = load(c + row * c_stride + column * PARE_WIDTH);
  }
  accumulate(sum, a, a_row, a_depth, b, b_stride, depth, rows, columns, columns - 1);
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
    for (int column = 0; column < columns; column++) store(c + row * c_stride + column * PARE_WIDTH, sum[row][column]);
  }
}

PARE_TILE_INLINE void product_columns(
    const float *a, size_t a_row, size_t a_depth, const float *b, size_t b_stride, float *c, size_t c_stride,
    size_t rows, size_t depth, const int columns) {
  size_t row = 0;
  for (; row + PARE_TILE_ROWS <= rows; row += PARE_TILE_ROWS)
    product_tile(a + row * a_row, a_row, a_depth, b, b_stride, c + row * c_stride, c_stride, depth, PARE_TILE_ROWS, columns);
  for (; row + 2 <= rows; row += 2)
    product_tile(a + row * a_row, a_row, a_depth, b, b_stride, c + row * c_stride, c_stride, depth, 2, columns);
  for (; row < rows; row++)
    product_tile(a + row * a_row, a_row, a_depth, b, b_stride, c + row * c_stride, c_stride, depth, 1, columns);
}

// The depth in pieces whose share of b stays in the nearest cache; the sums go on in c.
#define PARE_PRODUCT_DEPTH 128

PARE_KERNEL void accumulate_product(
    const float *a, size_t a_row, size_t a_depth, const float *b, size_t b_stride, float *c, size_t c_stride,
    size_t rows, size_t columns, size_t depth) {
  for (size_t k = 0; k < depth; k += PARE_PRODUCT_DEPTH) {
    const size_t piece = depth - k < PARE_PRODUCT_DEPTH ? depth - k : PARE_PRODUCT_DEPTH;
    const float *from = a + k * a_depth, *with = b + k * b_stride;
    size_t j = 0;
    for (; j + PARE_TILE_COLUMNS * PARE_WIDTH <= columns; j += PARE_TILE_COLUMNS * PARE_WIDTH)
      product_columns(from, a_row, a_depth, with + j, b_stride, c + j, c_stride, rows, piece, PARE_TILE_COLUMNS);
    for (; j + 2 * PARE_WIDTH <= columns; j += 2 * PARE_WIDTH)
      product_columns(from, a_row, a_depth, with + j, b_stride, c + j, c_stride, rows, piece, 2);
    for (; j < columns; j += PARE_WIDTH)
      product_columns(from, a_row, a_depth, with + j, b_stride, c + j, c_stride, rows, piece, 1);
  }
}

extern const pare_recurrent_kernels PARE_JOIN(pare_recurrent_kernels_, PARE_VARIANT);
const pare_recurrent_kernels PARE_JOIN(pare_recurrent_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .width = PARE_WIDTH, .pack = pack, .lstm = lstm, .gru = gru,
  .lstm_gradient = lstm_gradient, .gru_gradient = gru_gradient, .accumulate_product = accumulate_product,
};
