#include "cases.h"

// Layers on signs (docs/integer-arithmetic.md, §14).

static const int all_inputs[] = {1, 3, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 128, 129, 160, 250, 1025};
static const int all_outputs[] = {1, 3, 15, 16, 17, 31, 32, 33, 48, 64, 65, 80, 112, 128, 129};

static void pack_signs(pare_case_walk *walk, int count) {
  const size_t bytes = pare_sign_words((size_t)count) * 4;
  float *x = pare_place_block(walk, (size_t)count * 4);
  uint8_t *expected = pare_place_block(walk, bytes);
  const float special[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, -0x1p-149f, 0x1p-149f};
  for (int i = 0; i < count; i++) {
    x[i] = pare_below(walk, 3) == 0 ? special[pare_below(walk, 7)] : pare_draw(walk);
    if (x[i] >= 0) expected[i / 8] |= (uint8_t)(1 << i % 8);
  }
  pare_pack_signs *step = pare_place_block(walk, sizeof *step);
  step->count = count;
  pare_case one = {
    .operands = step, .input = x, .input_bytes = (size_t)count * 4, .output_bytes = bytes, .expected = expected};
  snprintf(one.name, sizeof one.name, "pack_signs of %d", count);
  pare_run_case(walk, &one);
}

static void dense(pare_case_walk *walk, pare_operation operation, int inputs, int outputs) {
  const size_t words = pare_sign_words((size_t)inputs), padded = pare_up((size_t)outputs, PARE_TILE);
  const size_t output_bytes = pare_sign_words((size_t)outputs) * 4;
  uint8_t *bits = pare_place_block(walk, words * 4), *signs = pare_place_block(walk, (size_t)inputs * (size_t)outputs);
  for (int i = 0; i < inputs; i++) bits[i / 8] |= (uint8_t)(pare_below(walk, 2) << i % 8);
  for (int i = 0; i < inputs * outputs; i++) signs[i] = (uint8_t)pare_below(walk, 2);
  uint32_t *packed = pare_place_block(walk, words * padded * 4);
  pare_dense_binary_pack(signs, (size_t)outputs, (size_t)inputs, packed);
  float *scale = pare_place_block(walk, padded * 4), *bias = pare_place_block(walk, padded * 4);
  int32_t *limit = pare_place_block(walk, padded * 4);
  float *floats = pare_place_block(walk, (size_t)outputs * 4);
  uint8_t *expected_bits = pare_place_block(walk, output_bytes);
  for (size_t o = 0; o < padded; o++) limit[o] = -1;
  for (int o = 0; o < outputs; o++) {
    scale[o] = pare_draw(walk);
    bias[o] = pare_draw(walk);
    limit[o] = pare_below(walk, inputs + 2) - 1;
    int sum = 0;
    for (int i = 0; i < inputs; i++) sum += (bits[i / 8] >> i % 8 & 1) == signs[o * inputs + i] ? 1 : -1;
    volatile float product = (float)sum * scale[o];
    floats[o] = product + bias[o];
    if ((inputs - sum) / 2 <= limit[o]) expected_bits[o / 8] |= (uint8_t)(1 << o % 8);
  }
  pare_dense_binary *layer = pare_place_block(walk, sizeof *layer);
  *layer = (pare_dense_binary){inputs, (int32_t)words, (int32_t)(padded / PARE_TILE), packed, scale, bias, limit};
  const int is_bits = operation == pare_operation_dense_binary_bits;
  pare_case one = {
    .operands = layer, .input = bits, .input_bytes = words * 4,
    .output_bytes = is_bits ? output_bytes : (size_t)outputs * 4, .expected = is_bits ? (const void *)expected_bits : floats};
  snprintf(one.name, sizeof one.name, "%s %d to %d", pare_operation_name(operation), inputs, outputs);
  pare_run_case(walk, &one);
}

void pare_cases_of_signs(pare_case_walk *walk, pare_operation operation) {
  for (size_t i = 0; i < sizeof all_inputs / sizeof all_inputs[0]; i++) {
    if (operation == pare_operation_pack_signs) {
      for (int round = 0; round < 4; round++) pack_signs(walk, all_inputs[i]);
      continue;
    }
    for (size_t o = 0; o < sizeof all_outputs / sizeof all_outputs[0]; o++)
      dense(walk, operation, all_inputs[i], all_outputs[o]);
  }
}
