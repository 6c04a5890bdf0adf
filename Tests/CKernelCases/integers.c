#include "integers.h"

// Layers on integers (docs/integer-arithmetic.md, §3 to §5 and §13), from random weights and from the most extreme ones.

static const int all_inputs[] = {1, 3, 4, 5, 8, 15, 16, 17, 20, 31, 32, 33, 64, 65, 127, 128, 129, 200, 256, 300};
static const int all_outputs[] = {1, 3, 15, 16, 17, 32, 33, 48, 64, 65, 80, 100, 128, 129, 250};

pare_ending pare_draw_ending(pare_case_walk *walk, int outputs, int extreme) {
  const size_t padded = pare_up((size_t)outputs, PARE_TILE);
  pare_ending to = {
    pare_place_block(walk, padded * 4), pare_place_block(walk, padded * 4), pare_place_block(walk, padded * 4),
    pare_place_block(walk, padded * 4), pare_below(walk, 256), 0};
  if (pare_below(walk, 2)) to.low = to.zero_point;
  for (size_t o = 0; o < padded; o++) {
    to.bias[o] = pare_below(walk, 200001) - 100000;
    to.multiplier[o] = (1 << 30) + pare_below(walk, 1 << 30);
    to.shift[o] = extreme ? 1 + pare_below(walk, 63) : 36 + pare_below(walk, 10);
    to.scale[o] = 0.001f + pare_uniform(walk);
  }
  return to;
}

/// ⌊product / 2^shift + 1/2⌋, worked out with a quotient instead of a shift.
static uint8_t requantized(int32_t sum, const pare_ending *to, int o) {
  const __int128 product = (__int128)sum * to->multiplier[o], divisor = (__int128)1 << to->shift[o];
  const __int128 numerator = 2 * product + divisor;
  __int128 q = numerator / (2 * divisor);
  if (numerator % (2 * divisor) < 0) q--;
  q += to->zero_point;
  return (uint8_t)(q < to->low ? to->low : q > 255 ? 255 : q);
}

void pare_finish_integers(
  pare_case_walk *walk, pare_operation operation, const pare_ending *to, const int32_t *sums, int outputs, pare_case *one
) {
  const char *name = pare_operation_name(operation);
  const int is_u8 = strcmp(name + strlen(name) - 3, "_u8") == 0;
  uint8_t *bytes = pare_place_block(walk, (size_t)outputs);
  float *floats = pare_place_block(walk, (size_t)outputs * 4);
  for (int o = 0; o < outputs; o++) {
    bytes[o] = requantized(sums[o], to, o);
    floats[o] = (float)sums[o] * to->scale[o];
  }
  one->expected = is_u8 ? (const void *)bytes : floats;
  one->output_bytes = (size_t)outputs * (is_u8 ? 1 : 4);
  pare_run_case(walk, one);
}

pare_dense_u8s8 pare_ending_layer(pare_case_walk *walk, const pare_ending *to, int outputs) {
  const size_t padded = pare_up((size_t)outputs, PARE_TILE);
  pare_dense_u8s8 layer = {
    0, (int32_t)(padded / PARE_TILE), NULL, to->bias, to->multiplier, to->shift, to->scale, to->zero_point, to->low};
  for (int o = 0; o < outputs; o++)
    if (!pare_shift_has_high_form(to->shift[o])) return layer;
  int64_t *rounding = pare_place_block(walk, padded * sizeof *rounding);
  int32_t *high_shift = pare_place_block(walk, padded * sizeof *high_shift);
  pare_requantization_pack(to->shift, (size_t)outputs, to->zero_point, rounding, high_shift);
  layer.rounding = rounding;
  layer.high_shift = high_shift;
  return layer;
}

static void eight_bits(pare_case_walk *walk, pare_operation operation, int inputs, int outputs, int extreme) {
  const size_t groups = pare_up((size_t)inputs, PARE_GROUP) / PARE_GROUP;
  // The bytes that pad a group meet weights of 0, whatever they are.
  uint8_t *x = pare_place_block(walk, groups * PARE_GROUP);
  for (size_t i = 0; i < groups * PARE_GROUP; i++) x[i] = extreme ? 255 : (uint8_t)pare_below(walk, 256);
  int8_t *weights = pare_place_block(walk, (size_t)inputs * (size_t)outputs);
  for (int i = 0; i < inputs * outputs; i++)
    weights[i] = (int8_t)(extreme ? (i % 2 == 0 || i % 3 == 0 ? -128 : 127) : pare_below(walk, 256) - 128);
  int8_t *packed = pare_place_block(walk, pare_dense_u8s8_packed_count((size_t)outputs, (size_t)inputs));
  pare_dense_u8s8_pack(weights, (size_t)outputs, (size_t)inputs, packed);
  const pare_ending to = pare_draw_ending(walk, outputs, extreme);
  int32_t *sums = pare_place_block(walk, (size_t)outputs * 4);
  for (int o = 0; o < outputs; o++) {
    sums[o] = to.bias[o];
    for (int i = 0; i < inputs; i++) sums[o] += x[i] * weights[o * inputs + i];
  }
  pare_dense_u8s8 *layer = pare_place_block(walk, sizeof *layer);
  *layer = pare_ending_layer(walk, &to, outputs);
  layer->groups = (int32_t)groups;
  layer->weights = packed;
  pare_case one = {.operands = layer, .input = x, .input_bytes = groups * PARE_GROUP};
  snprintf(one.name, sizeof one.name, "%s %d to %d%s", pare_operation_name(operation), inputs, outputs, extreme ? " extreme" : "");
  pare_finish_integers(walk, operation, &to, sums, outputs, &one);
}

static void four_bits(pare_case_walk *walk, pare_operation operation, int inputs, int outputs, int group, int extreme) {
  const size_t chunks = pare_up((size_t)inputs, PARE_CHUNK) / PARE_CHUNK, group_chunks = (size_t)group / PARE_CHUNK;
  const int groups = (int)((chunks + group_chunks - 1) / group_chunks);
  uint8_t *x = pare_place_block(walk, chunks * PARE_CHUNK);
  for (size_t i = 0; i < chunks * PARE_CHUNK; i++) x[i] = extreme ? 255 : (uint8_t)pare_below(walk, 256);
  int8_t *weights = pare_place_block(walk, (size_t)inputs * (size_t)outputs);
  for (int i = 0; i < inputs * outputs; i++)
    weights[i] = (int8_t)(extreme ? (i / inputs % 3 == 2 ? 7 : -8) : pare_below(walk, 16) - 8);
  uint8_t *multipliers = pare_place_block(walk, (size_t)(outputs * groups));
  for (int i = 0; i < outputs * groups; i++) multipliers[i] = extreme ? 255 : (uint8_t)pare_below(walk, 256);
  uint8_t *packed = pare_place_block(walk, pare_dense_u8s4_packed_count((size_t)outputs, (size_t)inputs));
  pare_dense_u8s4_pack(weights, (size_t)outputs, (size_t)inputs, packed);
  const size_t padded = pare_up((size_t)outputs, PARE_TILE);
  uint8_t *packed_multipliers = pare_place_block(walk, padded * (size_t)groups);
  pare_dense_u8s4_pack_multipliers(multipliers, (size_t)outputs, (size_t)groups, packed_multipliers);
  const pare_ending to = pare_draw_ending(walk, outputs, extreme);
  int32_t *sums = pare_place_block(walk, (size_t)outputs * 4);
  for (int o = 0; o < outputs; o++) {
    int64_t sum = to.bias[o];
    for (int i = 0; i < inputs; i++) sum += (int64_t)multipliers[o * groups + i / group] * x[i] * weights[o * inputs + i];
    sums[o] = (int32_t)(uint32_t)(uint64_t)sum;
  }
  pare_dense_u8s4 *layer = pare_place_block(walk, sizeof *layer);
  *layer = (pare_dense_u8s4){
    (int32_t)chunks, (int32_t)(padded / PARE_TILE), (int32_t)group_chunks, packed, packed_multipliers, to.bias,
    to.multiplier, to.shift, to.scale, to.zero_point, to.low};
  pare_case one = {.operands = layer, .input = x, .input_bytes = chunks * PARE_CHUNK};
  snprintf(
    one.name, sizeof one.name, "%s %d to %d in groups of %d%s", pare_operation_name(operation), inputs, outputs, group,
    extreme ? " extreme" : "");
  pare_finish_integers(walk, operation, &to, sums, outputs, &one);
}

void pare_cases_of_integers(pare_case_walk *walk, pare_operation operation) {
  const int is_four = operation == pare_operation_dense_u8s4_u8 || operation == pare_operation_dense_u8s4_f32;
  for (size_t i = 0; i < sizeof all_inputs / sizeof all_inputs[0]; i++)
    for (size_t o = 0; o < sizeof all_outputs / sizeof all_outputs[0]; o++)
      for (int extreme = 0; extreme < 2; extreme++) {
        const int inputs = all_inputs[i], outputs = all_outputs[o];
        if (is_four) {
          for (int group = 32; group <= 128; group *= 2) four_bits(walk, operation, inputs, outputs, group, extreme);
        } else {
          eight_bits(walk, operation, inputs, outputs, extreme);
        }
      }
}
