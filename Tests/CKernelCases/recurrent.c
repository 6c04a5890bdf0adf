#include "cases.h"

// Recurrent layers on integers (docs/integer-arithmetic.md, §8 to §11 and §15): the products with weights of eight and of
// four bits, and the cells, from the rules alone.

static int32_t saturated(int64_t value) {
  return (int32_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

// MARK: products

typedef struct {
  const pare_recurrent_s16_kernels *kernels;
  pare_gate_products layer;
  size_t x_stride, rows, y_stride;
} product_call;

static void run_products(const void *operands, const void *input, void *output, unsigned char *arena) {
  (void)arena;
  const product_call *call = operands;
  pare_gate_arguments(call->kernels, &call->layer, input, call->x_stride, call->rows, output, call->y_stride);
}

/// Weights of four bits where `block` is not 0; the extreme ones leave as little room as the definition allows.
static void products(
  pare_case_walk *walk, const pare_recurrent_s16_kernels *kernels, int inputs, int outputs, int rows, int block, int extreme
) {
  const size_t n = (size_t)inputs, m = (size_t)outputs, groups = pare_up(n, PARE_GROUP) / PARE_GROUP;
  const size_t tiles = pare_up(m, PARE_TILE) / PARE_TILE, padded = pare_up(m, 2 * PARE_TILE), stride = groups * PARE_GROUP;
  const int blocks = block ? (inputs + block - 1) / block : 1, least = block ? -8 : -128;
  // The bytes that pad a group meet weights of 0, whatever they are.
  uint8_t *x = pare_place_block(walk, (size_t)rows * stride);
  for (size_t i = 0; i < (size_t)rows * stride; i++) x[i] = extreme ? 255 : (uint8_t)pare_below(walk, 256);
  int8_t *weights = pare_place_block(walk, n * m);
  for (int i = 0; i < inputs * outputs; i++)
    weights[i] = (int8_t)(extreme ? (i / inputs % 3 == 2 ? -1 - least : least) : pare_below(walk, -2 * least) + least);
  uint8_t *multipliers = pare_place_block(walk, m * (size_t)blocks);
  for (int i = 0; i < outputs * blocks; i++) multipliers[i] = !block ? 1 : extreme ? 255 : (uint8_t)pare_below(walk, 256);
  int32_t *bias = pare_place_block(walk, padded * 4), *multiplier = pare_place_block(walk, padded * 4);
  int32_t *shift = pare_place_block(walk, padded * 4);
  product_call *call = pare_place_block(walk, sizeof *call);
  *call = (product_call){
    kernels, {(int32_t)groups, (int32_t)tiles, pare_below(walk, 14), block / PARE_GROUP, NULL, NULL, bias, multiplier, shift},
    stride, (size_t)rows, tiles * PARE_TILE};
  if (block) {
    uint8_t *packed = pare_place_block(walk, pare_gate_s4_count(m, n));
    uint8_t *packed_multipliers = pare_place_block(walk, pare_gate_multiplier_count(m, (size_t)blocks));
    pare_gate_pack_s4(weights, m, n, packed);
    pare_gate_pack_multipliers(multipliers, m, (size_t)blocks, packed_multipliers);
    call->layer.weights = packed;
    call->layer.block_multiplier = packed_multipliers;
  } else {
    int8_t *packed = pare_place_block(walk, pare_dense_u8s8_packed_count(m, n));
    pare_dense_u8s8_pack(weights, m, n, packed);
    call->layer.weights = packed;
  }
  int16_t *expected = pare_place_block(walk, (size_t)rows * tiles * PARE_TILE * 2);
  for (size_t o = 0; o < tiles * PARE_TILE; o++) {
    bias[o] = pare_below(walk, 131072) - 65536;
    multiplier[o] = (1 << 13) + pare_below(walk, 1 << 13);
    // |acc| < 300 · 255 · 8 · 255 + 2^16 < 2^28, or 300 · 255 · 128 + 2^16 < 2^24, which leave 17 bits.
    shift[o] = (block ? 11 : 7) + pare_below(walk, block ? 21 : 25);
    for (int row = 0; row < rows; row++) {
      int64_t sum = bias[o];
      for (size_t i = 0; o < m && i < n; i++)
        sum += (int64_t)multipliers[o * (size_t)blocks + (block ? i / (size_t)block : 0)] * x[(size_t)row * stride + i] *
               weights[o * n + i];
      const int32_t bits = call->layer.bits;
      const int64_t scaled = (sum >> shift[o]) * multiplier[o] + (bits > 0 ? 1 << (bits - 1) : 0);
      expected[(size_t)row * tiles * PARE_TILE + o] = (int16_t)saturated(scaled >> bits);
    }
  }
  pare_case one = {
    .operands = call, .input = x, .input_bytes = (size_t)rows * stride, .expected = expected,
    .output_bytes = (size_t)rows * tiles * PARE_TILE * 2};
  snprintf(
    one.name, sizeof one.name, "products %d to %d, %d rows, blocks of %d%s", inputs, outputs, rows, block,
    extreme ? ", extreme" : "");
  walk->run = run_products;
  pare_run_case(walk, &one);
}

// MARK: cells

typedef struct {
  const pare_recurrent_s16_kernels *kernels;
  pare_recurrent_cell cell;
  int is_lstm;
  const int16_t *by_state, *before;
  int16_t *state;
  uint8_t *h;
} cell_call;

/// The units that there are: kernels work on whole blocks of them.
static void run_cell(const void *operands, const void *input, void *output, unsigned char *arena) {
  (void)arena;
  const cell_call *call = operands;
  const size_t n = (size_t)call->cell.hidden;
  memcpy(call->state, call->before, pare_unit_count(n) * 2);
  (call->is_lstm ? call->kernels->lstm : call->kernels->gru)(&call->cell, input, call->by_state, call->state, call->h);
  memcpy(output, call->state, n * 2);
  memcpy((uint8_t *)output + n * 2, call->h, n);
}

static int32_t product(int32_t a, int32_t b) { return (a * b + (1 << 14)) >> 15; }
static int32_t knot(int32_t k) {
  const double t = tanh(k / 16.0);
  return (int32_t)lround((t + t * (1 - t * t) / 1536) * 32768);
}

static int32_t hyperbolic_tangent(int32_t v, int bits) {
  const int32_t limit = (1 << (bits + 2)) - 1, m = abs(v) < limit ? abs(v) : limit, width = 1 << (bits - 4);
  const int32_t k = m / width, d = m % width * (1 << (19 - bits));
  const int32_t value = knot(k) + product(knot(k + 1) - knot(k), d);
  return v < 0 ? -value : value;
}

static int32_t sigmoid(int32_t v) { return (hyperbolic_tangent(v, 13) + (1 << 15) + 1) >> 1; }

static void cell(pare_case_walk *walk, const pare_recurrent_s16_kernels *kernels, int hidden, int bits, int is_lstm) {
  const size_t n = (size_t)hidden, room = pare_gate_count(is_lstm ? 4 : 3, n), units = pare_unit_count(n);
  int16_t *a = pare_place_block(walk, room * 2), *b = pare_place_block(walk, room * 2);
  int16_t *before = pare_place_block(walk, units * 2);
  // Everything that an int16 can be, both ends among it.
  for (size_t i = 0; i < room; i++) a[i] = (int16_t)(i % 7 == 0 ? INT16_MIN : pare_below(walk, 65536) - 32768);
  for (size_t i = 0; i < room; i++) b[i] = (int16_t)(i % 5 == 0 ? INT16_MAX : pare_below(walk, 65536) - 32768);
  for (size_t i = 0; i < units; i++) before[i] = (int16_t)(pare_below(walk, 65536) - 32768);
  const int32_t levels = bits % 2 ? 128 : 1 + pare_below(walk, 32767);
  cell_call *call = pare_place_block(walk, sizeof *call);
  *call = (cell_call){
    kernels, {hidden, bits, levels, NULL}, is_lstm, b, before, pare_place_block(walk, units * 2), pare_place_block(walk, units)};
  uint8_t *expected = pare_place_block(walk, n * 3);
  for (size_t u = 0; u < n; u++) {
    int32_t next, y;
    if (is_lstm) {
      const int32_t i = sigmoid(saturated(a[u] + b[u])), o = sigmoid(saturated(a[n + u] + b[n + u]));
      const int32_t f = sigmoid(saturated(a[2 * n + u] + b[2 * n + u]));
      const int32_t g = hyperbolic_tangent(saturated(a[3 * n + u] + b[3 * n + u]), 12);
      next = saturated(product(f, before[u]) + product(product(i, g), 1 << bits));
      y = product(o, hyperbolic_tangent(next, bits));
    } else {
      const int32_t z = sigmoid(saturated(a[u] + b[u])), r = sigmoid(saturated(a[n + u] + b[n + u]));
      const int32_t g = hyperbolic_tangent(saturated(a[2 * n + u] + product(r, b[2 * n + u])), 12);
      next = y = saturated(product(z, before[u]) + product(32768 - z, g));
    }
    const int32_t q = product(y, levels);
    const int16_t kept = (int16_t)next;
    memcpy(expected + u * 2, &kept, 2);
    expected[n * 2 + u] = (uint8_t)(128 + (q < -128 ? -128 : q > 127 ? 127 : q));
  }
  pare_case one = {
    .operands = call, .input = a, .input_bytes = room * 2, .expected = expected, .output_bytes = n * 3};
  snprintf(one.name, sizeof one.name, "%s of %d units, %d bits", is_lstm ? "LSTM" : "GRU", hidden, bits);
  walk->run = run_cell;
  pare_run_case(walk, &one);
}

// MARK: -

pare_case_result pare_check_recurrent_variant(size_t variant) {
  static const int all_inputs[] = {1, 4, 5, 31, 32, 33, 64, 100, 129, 200, 256, 300};
  static const int all_outputs[] = {1, 15, 16, 17, 32, 33, 64, 65, 100, 128, 129, 200};
  static const int all_rows[] = {1, 3, 4, 9};
  static const int blocks[] = {0, 32, 64, 128};
  static const int hidden[] = {1, 3, 15, 16, 17, 31, 32, 33, 64, 100, 129};
  size_t count;
  const pare_recurrent_s16_kernels *kernels = pare_recurrent_s16_variants(&count)[variant];
  pare_case_walk walk = {.state = 2000};
  for (size_t i = 0; i < sizeof all_inputs / sizeof *all_inputs; i++)
    for (size_t o = 0; o < sizeof all_outputs / sizeof *all_outputs; o++)
      for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++)
        products(&walk, kernels, all_inputs[i], all_outputs[o], all_rows[(i + o + b) % 4], blocks[b], (i + o) % 5 == 0);
  for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
    for (int bits = 7; bits <= 14; bits++)
      for (int is_lstm = 0; is_lstm < 2; is_lstm++) cell(&walk, kernels, hidden[i], bits, is_lstm);
  free(walk.blocks);
  return walk.result;
}
