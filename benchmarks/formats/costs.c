// Nanoseconds of integer products with zeros left out, and of the dense ones, over the extents of a cost table:
// `scripts/bench-formats costs SET` prints them as one, for `scripts/ship-costs --only`.
#include "formats.h"

#include <stdio.h>
#include <string.h>

static const size_t extents[] = {16, 32, 64, 128, 256, 512, 1024, 2048};
enum { EXTENTS = sizeof extents / sizeof extents[0], TURNS = 12 };

/// The forms, each with weights of a share in which it is of use, as `CalibrationLayers.swift` has them.
typedef enum { dense, blocks, narrow, wide, forms } form;
static const struct {
  const char *name;
  pare_operation u8, f32;
} kinds[forms] = {
  {"dense_u8s8", pare_operation_dense_u8s8_u8, pare_operation_dense_u8s8_f32},
  {"dense_block_u8s8", pare_operation_dense_block_u8s8_u8, pare_operation_dense_block_u8s8_f32},
  {"dense_slots16_u8s8", pare_operation_dense_slots16_u8s8_u8, pare_operation_dense_slots16_u8s8_f32},
  {"dense_slots64_u8s8", pare_operation_dense_slots64_u8s8_u8, pare_operation_dense_slots64_u8s8_f32}};

static int is_kept(form kind, size_t output, size_t input) {
  switch (kind) {
  case blocks: return input / 4 % 2 == 0;
  case narrow: return (input + output) % 4 < 2;
  case wide: return (input + output) % 4 == 0;
  default: return 1;
  }
}

/// What lies behind the sums, as quantized layers of a network have it.
static pare_dense_u8s8 ending(size_t inputs, size_t outputs) {
  const size_t padded = up(outputs, PARE_TILE) * PARE_TILE;
  int32_t *bias = place(padded * 4), *multiplier = place(padded * 4), *shift = place(padded * 4), *high = place(padded * 4);
  int64_t *rounding = place(padded * 8);
  float *scale = place(padded * 4);
  for (size_t o = 0; o < padded; o++) {
    multiplier[o] = 1 << 30;
    shift[o] = 40;
    scale[o] = 0.01f;
  }
  pare_requantization_pack(shift, outputs, 0, rounding, high);
  return (pare_dense_u8s8){
    (int32_t)up(inputs, PARE_GROUP), (int32_t)(padded / PARE_TILE), NULL, bias, multiplier, shift, scale, 0, 0, rounding, high};
}

/// - Returns: the share of the product that the form holds.
static double enter_form(form kind, size_t inputs, size_t outputs) {
  const size_t tiles = up(outputs, PARE_TILE);
  int8_t *weights = place(inputs * outputs);
  for (size_t o = 0; o < outputs; o++)
    for (size_t i = 0; i < inputs; i++) weights[o * inputs + i] = is_kept(kind, o, i) ? (int8_t)(draw() | 1) : 0;
  pare_sparse_u8s8 *operands = place(sizeof *operands);
  operands->layer = ending(inputs, outputs);
  double share = 1;
  if (kind == dense) {
    int8_t *packed = place(pare_dense_u8s8_packed_count(outputs, inputs));
    pare_dense_u8s8_pack(weights, outputs, inputs, packed);
    operands->layer.weights = packed;
  } else {
    const size_t block = kind == narrow ? PARE_NARROW_BLOCK : PARE_WIDE_BLOCK;
    const pare_sparse_count size = kind == blocks ? pare_dense_block_u8s8_count(weights, outputs, inputs)
                                                  : pare_dense_slots_u8s8_count(weights, outputs, inputs, block);
    int32_t *counts = place(tiles * 8), *columns = place(size.columns * 4);
    int8_t *packed = place(size.bytes);
    if (kind == blocks) pare_dense_block_u8s8_pack(weights, outputs, inputs, counts, columns, packed);
    else pare_dense_slots_u8s8_pack(weights, outputs, inputs, block, counts, columns, packed);
    operands->layer.weights = packed;
    operands->counts = counts;
    operands->columns = columns;
    share = (double)(size.entries * PARE_GROUP) / (double)(tiles * inputs);
  }
  uint8_t *x = place(inputs + PARE_WIDE_BLOCK);
  for (size_t i = 0; i < inputs; i++) x[i] = (uint8_t)draw();
  void *y = place(tiles * PARE_TILE * 4);
  // The sparse operands begin with those of a dense layer.
  enter("u8", kinds[kind].u8, operands, x, y)->least_rounds = 32;
  enter("f32", kinds[kind].f32, operands, x, y)->least_rounds = 32;
  return share;
}

void print_costs(const char *set) {
  static double nanoseconds[forms][2][EXTENTS][EXTENTS];
  for (int a = 0; a < EXTENTS; a++)
    for (int b = 0; b < EXTENTS; b++) {
      double shares[forms];
      int firsts[forms];
      for (form kind = 0; kind < forms; kind++) {
        firsts[kind] = has_kernel(kinds[kind].u8) ? count : -1;
        if (firsts[kind] >= 0) shares[kind] = enter_form(kind, extents[a], extents[b]);
      }
      for (int turn = 0; turn < TURNS; turn++) take_turns(0);
      for (form kind = 0; kind < forms; kind++)
        for (int is_float = 0; firsts[kind] >= 0 && is_float < 2; is_float++)
          nanoseconds[kind][is_float][a][b] = all[firsts[kind] + is_float].least / shares[kind];
      count = 0;
      release();
    }
  printf("{\"schema\":1,\"processor\":\"%s\",\"kernels\":\"%s\",\"entry_ns\":1,\"operations\":{", processor_name(), set);
  int is_first = 1;
  for (form kind = 0; kind < forms; kind++)
    for (int is_float = 0; has_kernel(kinds[kind].u8) && is_float < 2; is_float++) {
      printf("%s\n\"%s_%s\":{\"inputs\":[", is_first ? "" : ",", kinds[kind].name, is_float ? "f32" : "u8");
      is_first = 0;
      for (int i = 0; i < EXTENTS; i++) printf("%s%zu", i ? "," : "", extents[i]);
      printf("],\"outputs\":[");
      for (int i = 0; i < EXTENTS; i++) printf("%s%zu", i ? "," : "", extents[i]);
      printf("],\"ns\":[");
      for (int i = 0; i < EXTENTS * EXTENTS; i++)
        printf("%s%.4g", i ? "," : "", nanoseconds[kind][is_float][i / EXTENTS][i % EXTENTS]);
      printf("]}");
    }
  printf("}}\n");
}
