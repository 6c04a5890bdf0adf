#include "table.h"

static const int16_t base[64] = {PARE_TANH_BASE}, delta[64] = {PARE_TANH_DELTA};

static int32_t saturated(int32_t value) {
  return (value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

/// (a · b) · 2^−15, rounded, ties up.
static int32_t product(int32_t a, int32_t b) { return (a * b + (1 << 14)) >> 15; }

/// tanh(v · 2^−bits) · 2^15.
static int32_t hyperbolic_tangent(int32_t v, int32_t bits) {
  const int32_t limit = (1 << (bits + 2)) - 1, width = bits - 4;
  int32_t m = v < 0 ? -v : v;
  m = m > limit ? limit : m;
  const int32_t k = m >> width, fraction = m & ((1 << width) - 1);
  const int32_t t = base[k] + product(delta[k], fraction << (15 - width));
  return v < 0 ? -t : t;
}

/// 1 / (1 + exp(−v · 2^−12)) · 2^15.
static int32_t sigmoid(int32_t v) { return (hyperbolic_tangent(v, PARE_SIGMOID_BITS) + 32769) >> 1; }

static uint8_t state_byte(int32_t value, int32_t levels) {
  const int32_t q = product(value, levels);
  return (uint8_t)(128 + (q < -128 ? -128 : q > 127 ? 127 : q));
}

static void products(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride
) {
  for (size_t row = 0; row < rows; row++)
    for (int32_t o = 0; o < layer->tiles * PARE_TILE; o++) {
      const int32_t tile = o / PARE_TILE, lane = o % PARE_TILE;
      const int8_t *w = (const int8_t *)layer->weights + ((size_t)tile * (size_t)layer->groups * PARE_TILE + (size_t)lane) * PARE_GROUP;
      const uint8_t *from = x + row * x_stride;
      uint32_t sum = (uint32_t)layer->bias[o];
      for (int32_t group = 0; group < layer->groups; group++, from += PARE_GROUP, w += PARE_TILE * PARE_GROUP)
        for (int32_t k = 0; k < PARE_GROUP; k++) sum += (uint32_t)(from[k] * w[k]);
      const int32_t rounding = layer->bits > 0 ? 1 << (layer->bits - 1) : 0;
      const int32_t scaled = ((int32_t)sum >> layer->shift[o]) * layer->multiplier[o] + rounding;
      y[row * y_stride + (size_t)o] = (int16_t)saturated(scaled >> layer->bits);
    }
}

static void lstm(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *c, uint8_t *h
) {
  const int32_t n = cell->hidden, bits = cell->cell_bits;
  for (int32_t u = 0; u < n; u++) {
    const int32_t i = sigmoid(saturated(by_input[u] + by_state[u]));
    const int32_t o = sigmoid(saturated(by_input[n + u] + by_state[n + u]));
    const int32_t f = sigmoid(saturated(by_input[2 * n + u] + by_state[2 * n + u]));
    const int32_t q = hyperbolic_tangent(saturated(by_input[3 * n + u] + by_state[3 * n + u]), PARE_GATE_BITS);
    c[u] = (int16_t)saturated(product(f, c[u]) + product(product(i, q), 1 << bits));
    h[u] = state_byte(product(o, hyperbolic_tangent(c[u], bits)), cell->state_levels);
  }
}

static void gru(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *state, uint8_t *h
) {
  const int32_t n = cell->hidden;
  for (int32_t u = 0; u < n; u++) {
    const int32_t z = sigmoid(saturated(by_input[u] + by_state[u]));
    const int32_t r = sigmoid(saturated(by_input[n + u] + by_state[n + u]));
    const int32_t argument = saturated(by_input[2 * n + u] + product(r, by_state[2 * n + u]));
    const int32_t value = hyperbolic_tangent(argument, PARE_GATE_BITS);
    state[u] = (int16_t)saturated(product(z, state[u]) + product(32768 - z, value));
    h[u] = state_byte(state[u], cell->state_levels);
  }
}

const pare_recurrent_s16_kernels pare_recurrent_s16_scalar = {
  "scalar", 0, products, pare_gate_products_s4_scalar, lstm, gru};
