// Products with zeros left out, in Float32 and INT8, against dense ones.
#include "formats.h"

#include <stdio.h>
#include <string.h>

static const double shares[] = {0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05};
enum { SHARES = sizeof shares / sizeof shares[0] };

/// A form of weights, and which zeros are drawn for it.
typedef enum { slots_f32, columns_f32, slots16, slots64, blocks, forms } form;
static const struct {
  const char *name;
  pare_operation operation;
  int outputs, inputs;   // that are 0 or not together
} kinds[forms] = {
  {"Float32 slots", pare_operation_dense_slots_f32, 1, 1}, {"Float32 columns", pare_operation_dense_block_f32, 16, 1},
  {"INT8 slots of 16", pare_operation_dense_slots16_u8s8_f32, 1, 1},
  {"INT8 slots of 64", pare_operation_dense_slots64_u8s8_f32, 1, 1},
  {"INT8 blocks of 16 x 4", pare_operation_dense_block_u8s8_f32, 16, 4}};

static const struct layer {
  size_t inputs, outputs, tiles;
  float *x, *y, *bias, *scale;
  uint8_t *bytes;
  int32_t *integer_bias;
} *of;

/// 1 for each weight that is kept, `[outputs, inputs]`; 2:4 for a share of 0.
static uint8_t *mask(form kind, double share) {
  uint8_t *kept = place(of->outputs * of->inputs);
  const size_t m = (size_t)kinds[kind].outputs, n = (size_t)kinds[kind].inputs;
  for (size_t o = 0; o < of->outputs; o += m)
    for (size_t i = 0; i < of->inputs; i += n) {
      const int is_two_of_four = i % 4 == (o & 1) || i % 4 == 2 + (o >> 1 & 1);
      const int keep = share == 0 ? is_two_of_four : (double)(draw() >> 11) * 0x1p-53 < share;
      for (size_t a = o; a < o + m && a < of->outputs; a++)
        for (size_t b = i; b < i + n && b < of->inputs; b++) kept[a * of->inputs + b] = (uint8_t)keep;
    }
  return kept;
}

static double float_operands(form kind, const uint8_t *kept, const void **operands) {
  const size_t m = of->outputs, n = of->inputs, blocks_count = up(n, PARE_SLOT_BLOCK);
  float *weights = place(m * n * 4);
  for (size_t i = 0; i < m * n; i++) weights[i] = kept[i] ? 1 + number() / 2 : 0;
  if (kind == columns_f32) {
    const size_t entries = pare_dense_block_entries(weights, m, n, n, 1);
    int32_t *starts = place((of->tiles + 1) * 4), *at = place(entries * 4);
    float *values = place(entries * 64);
    pare_dense_block_pack(weights, m, n, n, 1, starts, at, values);
    pare_dense_block *block = place(sizeof *block);
    *block = (pare_dense_block){(int32_t)of->tiles, starts, at, values, of->bias, 0};
    *operands = block;
    return (double)entries / (double)(of->tiles * n);
  }
  const size_t entries = pare_dense_slots_entries(weights, m, n, n, 1);
  uint8_t *counts = place(of->tiles * blocks_count), *at = place(entries * PARE_TILE);
  float *values = place(entries * 64);
  pare_dense_slots_pack(weights, m, n, n, 1, counts, at, values);
  pare_dense_slots *slots = place(sizeof *slots);
  *slots = (pare_dense_slots){(int32_t)of->tiles, (int32_t)n, (int32_t)blocks_count, counts, at, values, of->bias, 0};
  *operands = slots;
  return (double)entries / (double)(of->tiles * n);
}

static pare_dense_u8s8 integer_layer(const int8_t *weights) {
  return (pare_dense_u8s8){
    (int32_t)up(of->inputs, 4), (int32_t)of->tiles, weights, of->integer_bias, NULL, NULL, of->scale, 0, 0};
}

static double integer_operands(form kind, const uint8_t *kept, const void **operands) {
  const size_t m = of->outputs, n = of->inputs;
  int8_t *weights = place(m * n);
  for (size_t i = 0; i < m * n; i++) weights[i] = kept[i] ? (int8_t)(1 + draw() % 127) : 0;
  const size_t block = kind == slots16 ? PARE_NARROW_BLOCK : PARE_WIDE_BLOCK;
  const pare_sparse_count size =
    kind == blocks ? pare_dense_block_u8s8_count(weights, m, n) : pare_dense_slots_u8s8_count(weights, m, n, block);
  int32_t *counts = place(of->tiles * 8), *columns = place(size.columns * 4);
  int8_t *packed = place(size.bytes);
  if (kind == blocks) pare_dense_block_u8s8_pack(weights, m, n, counts, columns, packed);
  else pare_dense_slots_u8s8_pack(weights, m, n, block, counts, columns, packed);
  pare_sparse_u8s8 *sparse = place(sizeof *sparse);
  *sparse = (pare_sparse_u8s8){integer_layer(packed), counts, columns};
  *operands = sparse;
  return (double)(size.entries * PARE_GROUP) / (double)(of->tiles * n);
}

/// - Returns: its place among the contestants.
static int enter_sparse(form kind, double share) {
  const void *operands;
  const uint8_t *kept = mask(kind, share);
  const int is_float = kind <= columns_f32;
  const double held = is_float ? float_operands(kind, kept, &operands) : integer_operands(kind, kept, &operands);
  char name[64], drawn[16];
  snprintf(drawn, sizeof drawn, share == 0 ? "2:4" : "%g", share);
  snprintf(name, sizeof name, "%s, %s (holds %.2f)", kinds[kind].name, drawn, held);
  enter(name, kinds[kind].operation, operands, is_float ? (const void *)of->x : of->bytes, of->y);
  return count - 1;
}

/// The share at which what was entered from `first` on, in the order of `shares`, takes as long as `dense`; between two of
/// them by a straight line.
static double break_even(int first, double dense) {
  if (all[first].least < dense) return 1;
  for (int i = 1; i < SHARES; i++) {
    const double above = all[first + i - 1].least, below = all[first + i].least;
    if (below < dense) return shares[i] + (shares[i - 1] - shares[i]) * (dense - below) / (above - below);
  }
  return 0;
}

void sparse_products(size_t inputs, size_t outputs, double seconds) {
  const size_t tiles = up(outputs, PARE_TILE);
  struct layer layer = {
    inputs, outputs, tiles, place(inputs * 4), place(tiles * 64), place(tiles * 64), place(tiles * 64), place(inputs),
    place(tiles * 64)};
  of = &layer;
  for (size_t i = 0; i < inputs; i++) {
    layer.x[i] = number();
    layer.bytes[i] = (uint8_t)draw();
  }
  float *weights = place(inputs * outputs * 4), *packed = place(pare_dense_f32_packed_count(outputs, inputs) * 4);
  int8_t *integers = place(inputs * outputs), *packed8 = place(pare_dense_u8s8_packed_count(outputs, inputs));
  for (size_t i = 0; i < inputs * outputs; i++) {
    weights[i] = number();
    integers[i] = (int8_t)draw();
  }
  pare_dense_f32_pack(weights, outputs, inputs, inputs, 1, packed);
  pare_dense_u8s8_pack(integers, outputs, inputs, packed8);
  const pare_dense_f32 f32 = {(int32_t)inputs, (int32_t)tiles, packed, layer.bias, 0};
  const pare_dense_u8s8 int8 = integer_layer(packed8);
  enter("Float32 dense", pare_operation_dense_f32, &f32, layer.x, layer.y);
  enter("INT8 dense", pare_operation_dense_u8s8_f32, &int8, layer.bytes, layer.y);
  int firsts[forms];
  for (form kind = 0; kind < forms; kind++) {
    firsts[kind] = has_kernel(kinds[kind].operation) ? count : -1;
    if (firsts[kind] < 0) continue;
    for (int i = 0; i < SHARES; i++) enter_sparse(kind, shares[i]);
    if (kinds[kind].outputs == 1) enter_sparse(kind, 0);
  }
  for (int i = 0; i < count; i++) all[i].least_rounds = 16;
  take_turns(seconds);
  printf("%zu to %zu, zeros left out: ns, of dense of the same element, of dense Float32\n", inputs, outputs);
  for (int i = 0; i < count; i++) {
    const int is_float = strncmp(all[i].name, "Float32", 7) == 0;
    printf(
      "  %-40s %9.1f  %5.2f  %5.2f\n", all[i].name, all[i].least, all[i].least / all[is_float ? 0 : 1].least,
      all[i].least / all[0].least);
  }
  for (form kind = 0; kind < forms; kind++)
    if (firsts[kind] >= 0)
      printf(
        "  %s: as fast as dense of the same element at a share of %.2f, as dense Float32 at %.2f\n", kinds[kind].name,
        break_even(firsts[kind], all[kind <= columns_f32 ? 0 : 1].least), break_even(firsts[kind], all[0].least));
  count = 0;
}
