#include "integers.h"

// Layers on integers with zeros left out, against sums over all weights: the bits are those of dense_u8s8.

static const int all_inputs[] = {1, 3, 4, 5, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 200, 300};
static const int all_outputs[] = {1, 3, 15, 16, 17, 33, 64, 65, 100, 250};

typedef enum { all_kept, two_of_four, one_in_three, one_in_ten, one_in_fifty, whole_groups, none_kept, zero_kinds } zeros;

static int is_kept(pare_case_walk *walk, zeros kind, int output, int input) {
  switch (kind) {
  case all_kept: return 1;
  case two_of_four: return input % 4 == output % 2 || input % 4 == 2 + output / 2 % 2;
  case one_in_three: return pare_below(walk, 3) == 0;
  case one_in_ten: return pare_below(walk, 10) == 0;
  case one_in_fifty: return pare_below(walk, 50) == 0;
  case whole_groups: return (output / PARE_TILE * 7 + input / PARE_GROUP) % 3 == 0;
  default: return 0;
  }
}

/// Weights `[outputs, inputs]`; of the most extreme ones those that are kept.
static int8_t *draw_weights(pare_case_walk *walk, int inputs, int outputs, zeros kind, int extreme) {
  int8_t *weights = pare_place_block(walk, (size_t)inputs * (size_t)outputs);
  for (int o = 0; o < outputs; o++)
    for (int i = 0; i < inputs; i++) {
      if (!is_kept(walk, kind, o, i)) continue;
      const int8_t drawn = (int8_t)(pare_below(walk, 255) - 127);
      weights[o * inputs + i] = extreme ? (o % 3 == 2 ? 127 : -128) : drawn;
    }
  return weights;
}

static size_t block_of(pare_operation operation) {
  switch (operation) {
  case pare_operation_dense_slots16_u8s8_u8:
  case pare_operation_dense_slots16_u8s8_f32: return PARE_NARROW_BLOCK;
  case pare_operation_dense_slots64_u8s8_u8:
  case pare_operation_dense_slots64_u8s8_f32: return PARE_WIDE_BLOCK;
  default: return PARE_GROUP;
  }
}

static pare_sparse_u8s8 pack(
  pare_case_walk *walk, const int8_t *weights, int inputs, int outputs, size_t block, const pare_ending *to
) {
  const size_t m = (size_t)outputs, n = (size_t)inputs, tiles = pare_up(m, PARE_TILE) / PARE_TILE;
  const int is_block = block == PARE_GROUP;
  const pare_sparse_count count =
    is_block ? pare_dense_block_u8s8_count(weights, m, n) : pare_dense_slots_u8s8_count(weights, m, n, block);
  int32_t *counts = pare_place_block(walk, tiles * 2 * 4), *columns = pare_place_block(walk, count.columns * 4);
  int8_t *packed = pare_place_block(walk, count.bytes);
  if (is_block) pare_dense_block_u8s8_pack(weights, m, n, counts, columns, packed);
  else pare_dense_slots_u8s8_pack(weights, m, n, block, counts, columns, packed);
  pare_sparse_u8s8 of = {pare_ending_layer(walk, to, outputs), counts, columns};
  of.layer.weights = packed;
  return of;
}

static void sparse(
  pare_case_walk *walk, pare_operation operation, int inputs, int outputs, zeros kind, int extreme
) {
  const size_t block = block_of(operation), room = pare_up((size_t)inputs, block);
  // What a block holds beyond the last input meets weights of 0.
  uint8_t *x = pare_place_block(walk, room);
  for (size_t i = 0; i < room; i++) x[i] = extreme ? 255 : (uint8_t)pare_below(walk, 256);
  const int8_t *weights = draw_weights(walk, inputs, outputs, kind, extreme);
  const pare_ending to = pare_draw_ending(walk, outputs, extreme);
  int32_t *sums = pare_place_block(walk, (size_t)outputs * 4);
  for (int o = 0; o < outputs; o++) {
    sums[o] = to.bias[o];
    for (int i = 0; i < inputs; i++) sums[o] += x[i] * weights[o * inputs + i];
  }
  pare_sparse_u8s8 *operands = pare_place_block(walk, sizeof *operands);
  *operands = pack(walk, weights, inputs, outputs, block, &to);
  pare_case one = {.operands = operands, .input = x, .input_bytes = room};
  snprintf(
    one.name, sizeof one.name, "%s %d to %d, zeros %d%s", pare_operation_name(operation), inputs, outputs, (int)kind,
    extreme ? " extreme" : "");
  pare_finish_integers(walk, operation, &to, sums, outputs, &one);
}

void pare_cases_of_sparse_integers(pare_case_walk *walk, pare_operation operation) {
  for (size_t i = 0; i < sizeof all_inputs / sizeof all_inputs[0]; i++)
    for (size_t o = 0; o < sizeof all_outputs / sizeof all_outputs[0]; o++)
      for (zeros kind = all_kept; kind < zero_kinds; kind++)
        sparse(walk, operation, all_inputs[i], all_outputs[o], kind, (i + o + kind) % 3 == 0);
}
