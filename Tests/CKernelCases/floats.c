#include "cases.h"

// Dense layers with sums in float, in every form of their weights. The bound on what is found: γ = (n + 1) u / (1 − (n + 1)
// u) times Σ |w x| + |b|, whatever the order of additions, with or without fused multiplications (Higham 2002, §3.1); u =
// 2^−24. The expected sums are of doubles, rounded once, which adds u of the result.

static const int all_inputs[] = {1, 2, 3, 4, 5, 8, 15, 16, 17, 20, 31, 32, 33, 64, 129};
static const int all_outputs[] = {1, 3, 15, 16, 17, 32, 33, 48, 64, 65, 100, 127, 128, 129, 250};

/// A layer as it is meant.
typedef struct {
  int inputs, outputs, relu;
  float *x, *weights, *bias;
  size_t tiles;
} layer;

static layer draw_layer(pare_case_walk *walk, int inputs, int outputs, int relu, float density) {
  const size_t padded = pare_up((size_t)outputs, PARE_TILE);
  layer of = {inputs, outputs, relu, pare_place_block(walk, (size_t)inputs * 4),
    pare_place_block(walk, (size_t)inputs * (size_t)outputs * 4), pare_place_block(walk, padded * 4), padded / PARE_TILE};
  for (int i = 0; i < inputs; i++) of.x[i] = pare_draw(walk);
  for (int i = 0; i < inputs * outputs; i++) of.weights[i] = pare_uniform(walk) < density ? pare_draw(walk) : 0;
  for (int o = 0; o < outputs; o++) of.bias[o] = pare_draw(walk);
  return of;
}

static void check(pare_case_walk *walk, pare_operation operation, const layer *of, const void *operands) {
  float *expected = pare_place_block(walk, (size_t)of->outputs * 4);
  double *bounds = pare_place_block(walk, (size_t)of->outputs * sizeof *bounds);
  const double u = 0x1p-24, gamma = (of->inputs + 1) * u / (1 - (of->inputs + 1) * u);
  for (int o = 0; o < of->outputs; o++) {
    double sum = of->bias[o], magnitude = fabs((double)of->bias[o]);
    for (int i = 0; i < of->inputs; i++) {
      const double product = (double)of->weights[o * of->inputs + i] * (double)of->x[i];
      sum += product;
      magnitude += fabs(product);
    }
    if (of->relu && sum < 0) sum = 0;
    expected[o] = (float)sum;
    bounds[o] = (gamma + u) * magnitude;
  }
  pare_case one = {
    .operands = operands, .input = of->x, .input_bytes = (size_t)of->inputs * 4, .output_bytes = (size_t)of->outputs * 4,
    .expected = expected, .bounds = bounds};
  snprintf(
    one.name, sizeof one.name, "%s %d to %d%s", pare_operation_name(operation), of->inputs, of->outputs,
    of->relu ? " relu" : "");
  pare_run_case(walk, &one);
}

static void dense_f32(pare_case_walk *walk, pare_operation operation, int inputs, int outputs, int relu) {
  const layer of = draw_layer(walk, inputs, outputs, relu, 1);
  float *packed = pare_place_block(walk, pare_dense_f32_packed_count((size_t)outputs, (size_t)inputs) * 4);
  pare_dense_f32_pack(of.weights, (size_t)outputs, (size_t)inputs, (size_t)inputs, 1, packed);
  pare_dense_f32 *operands = pare_place_block(walk, sizeof *operands);
  *operands = (pare_dense_f32){inputs, (int32_t)of.tiles, packed, of.bias, relu};
  check(walk, operation, &of, operands);
}

/// Weights are drawn as bits, subnormal ones among them, and widened by powers of two.
static void dense_half(pare_case_walk *walk, pare_operation operation, int inputs, int outputs, int relu) {
  layer of = draw_layer(walk, inputs, outputs, relu, 1);
  uint16_t *halves = pare_place_block(walk, (size_t)inputs * (size_t)outputs * 2);
  for (int i = 0; i < inputs * outputs; i++) {
    const int is_f16 = operation == pare_operation_dense_f16, fraction_bits = is_f16 ? 10 : 7;
    const int bias = is_f16 ? 15 : 127, exponent = pare_below(walk, 8) == 0 ? 0 : bias - 8 + pare_below(walk, 10);
    const int fraction = pare_below(walk, 1 << fraction_bits), sign = pare_below(walk, 2);
    halves[i] = (uint16_t)(sign << 15 | exponent << fraction_bits | fraction);
    const double magnitude = ldexp(
      exponent == 0 ? fraction : fraction + (1 << fraction_bits), (exponent == 0 ? 1 : exponent) - bias - fraction_bits);
    of.weights[i] = (float)(sign ? -magnitude : magnitude);
  }
  // Transposed memory: element (o, i) at i · outputs + o.
  uint16_t *transposed = pare_place_block(walk, (size_t)inputs * (size_t)outputs * 2);
  for (int o = 0; o < outputs; o++)
    for (int i = 0; i < inputs; i++) transposed[i * outputs + o] = halves[o * inputs + i];
  uint16_t *packed = pare_place_block(walk, of.tiles * PARE_TILE * (size_t)inputs * 2);
  pare_dense_half_pack(transposed, (size_t)outputs, (size_t)inputs, 1, (size_t)outputs, packed);
  pare_dense_half *operands = pare_place_block(walk, sizeof *operands);
  *operands = (pare_dense_half){inputs, (int32_t)of.tiles, packed, of.bias, relu};
  check(walk, operation, &of, operands);
}

static void dense_lut4(pare_case_walk *walk, pare_operation operation, int inputs, int outputs, int relu) {
  layer of = draw_layer(walk, inputs, outputs, relu, 1);
  float *table = pare_place_block(walk, 16 * 4);
  for (int i = 0; i < 16; i++) table[i] = pare_draw(walk);
  uint8_t *indices = pare_place_block(walk, (size_t)inputs * (size_t)outputs);
  for (int i = 0; i < inputs * outputs; i++) {
    indices[i] = (uint8_t)pare_below(walk, 16);
    of.weights[i] = table[indices[i]];
  }
  uint8_t *packed = pare_place_block(walk, pare_dense_lut4_packed_count((size_t)outputs, (size_t)inputs));
  pare_dense_lut4_pack(indices, (size_t)outputs, (size_t)inputs, (size_t)inputs, 1, packed);
  pare_dense_lut4 *operands = pare_place_block(walk, sizeof *operands);
  *operands = (pare_dense_lut4){inputs, (int32_t)of.tiles, packed, table, of.bias, relu};
  check(walk, operation, &of, operands);
}

static void dense_block(pare_case_walk *walk, pare_operation operation, int inputs, int outputs, int relu) {
  layer of = draw_layer(walk, inputs, outputs, relu, pare_below(walk, 2) ? 0.02f : 0.3f);
  const size_t entries = pare_dense_block_entries(of.weights, (size_t)outputs, (size_t)inputs, (size_t)inputs, 1);
  int32_t *starts = pare_place_block(walk, (of.tiles + 1) * 4), *columns = pare_place_block(walk, entries * 4);
  float *packed = pare_place_block(walk, entries * PARE_TILE * 4);
  pare_dense_block_pack(of.weights, (size_t)outputs, (size_t)inputs, (size_t)inputs, 1, starts, columns, packed);
  pare_dense_block *operands = pare_place_block(walk, sizeof *operands);
  *operands = (pare_dense_block){(int32_t)of.tiles, starts, columns, packed, of.bias, relu};
  check(walk, operation, &of, operands);
}

static void dense_slots(pare_case_walk *walk, pare_operation operation, int inputs, int outputs, int relu) {
  layer of = draw_layer(walk, inputs, outputs, relu, pare_uniform(walk) * 0.5f);
  const size_t blocks = pare_up((size_t)inputs, PARE_SLOT_BLOCK) / PARE_SLOT_BLOCK;
  const size_t entries = pare_dense_slots_entries(of.weights, (size_t)outputs, (size_t)inputs, (size_t)inputs, 1);
  uint8_t *slots = pare_place_block(walk, of.tiles * blocks), *indices = pare_place_block(walk, entries * PARE_TILE);
  float *packed = pare_place_block(walk, entries * PARE_TILE * 4);
  pare_dense_slots_pack(of.weights, (size_t)outputs, (size_t)inputs, (size_t)inputs, 1, slots, indices, packed);
  pare_dense_slots *operands = pare_place_block(walk, sizeof *operands);
  *operands = (pare_dense_slots){(int32_t)of.tiles, inputs, (int32_t)blocks, slots, indices, packed, of.bias, relu};
  check(walk, operation, &of, operands);
}

void pare_cases_of_floats(pare_case_walk *walk, pare_operation operation) {
  for (size_t i = 0; i < sizeof all_inputs / sizeof all_inputs[0]; i++)
    for (size_t o = 0; o < sizeof all_outputs / sizeof all_outputs[0]; o++)
      for (int relu = 0; relu < 2; relu++) {
        const int inputs = all_inputs[i], outputs = all_outputs[o];
        switch (operation) {
        case pare_operation_dense_f32: dense_f32(walk, operation, inputs, outputs, relu); break;
        case pare_operation_dense_f16:
        case pare_operation_dense_bf16: dense_half(walk, operation, inputs, outputs, relu); break;
        case pare_operation_dense_lut4: dense_lut4(walk, operation, inputs, outputs, relu); break;
        case pare_operation_dense_block_f32: dense_block(walk, operation, inputs, outputs, relu); break;
        case pare_operation_dense_slots_f32: dense_slots(walk, operation, inputs, outputs, relu); break;
        default: break;
        }
      }
}
