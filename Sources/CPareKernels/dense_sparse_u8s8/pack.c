#include "pare_inference_kernels.h"
#include "pare_product_kernels.h"

#include <string.h>

/// A tile's inputs from `first` on, as far as a block reaches.
typedef struct {
  const int8_t *weights;   // of the tile's first output and the block's first input
  size_t lanes, extent, inputs;
} pare_block;

static pare_block block_of(const int8_t *weights, size_t outputs, size_t inputs, size_t tile, size_t first, size_t block) {
  const size_t lanes = outputs - tile * PARE_TILE, extent = inputs - first;
  return (pare_block){
    weights + tile * PARE_TILE * inputs + first, lanes < PARE_TILE ? lanes : PARE_TILE, extent < block ? extent : block,
    inputs};
}

/// Entries of PARE_GROUP slots that the fullest output needs.
static size_t entries_of(pare_block of) {
  size_t most = 0;
  for (size_t lane = 0; lane < of.lanes; lane++) {
    size_t count = 0;
    for (size_t i = 0; i < of.extent; i++) count += of.weights[lane * of.inputs + i] != 0;
    if (count > most) most = count;
  }
  return (most + PARE_GROUP - 1) / PARE_GROUP;
}

static size_t tiles_of(size_t outputs) { return (outputs + PARE_TILE - 1) / PARE_TILE; }

pare_sparse_count pare_dense_block_u8s8_count(const int8_t *weights, size_t outputs, size_t inputs) {
  size_t entries = 0;
  for (size_t tile = 0; tile < tiles_of(outputs); tile++)
    for (size_t first = 0; first < inputs; first += PARE_GROUP)
      entries += entries_of(block_of(weights, outputs, inputs, tile, first, PARE_GROUP)) > 0;
  return (pare_sparse_count){entries, entries, entries * PARE_LINE};
}

void pare_dense_block_u8s8_pack(
  const int8_t *weights, size_t outputs, size_t inputs, int32_t *counts, int32_t *columns, int8_t *packed
) {
  for (size_t tile = 0; tile < tiles_of(outputs); tile++) {
    counts[tile] = 0;
    for (size_t first = 0; first < inputs; first += PARE_GROUP) {
      const pare_block of = block_of(weights, outputs, inputs, tile, first, PARE_GROUP);
      if (entries_of(of) == 0) continue;
      counts[tile]++;
      *columns++ = (int32_t)first;
      for (size_t lane = 0; lane < PARE_TILE; lane++)
        for (size_t k = 0; k < PARE_GROUP; k++)
          *packed++ = lane < of.lanes && k < of.extent ? of.weights[lane * inputs + k] : 0;
    }
  }
}

/// Writes the four weights of each output that come `ordinal` times four after its first, and which of the block's inputs
/// they meet, shifted.
static void pack_entry(pare_block of, size_t ordinal, int shift, int8_t *indices, int8_t *packed) {
  for (size_t lane = 0; lane < of.lanes; lane++) {
    size_t slot = 0;
    for (size_t i = 0; i < of.extent; i++) {
      const int8_t weight = of.weights[lane * of.inputs + i];
      if (weight == 0) continue;
      if (slot / PARE_GROUP == ordinal) {
        const size_t at = lane * PARE_GROUP + slot % PARE_GROUP;
        indices[at] = (int8_t)(indices[at] | (int)i << shift);
        packed[at] = weight;
      }
      slot++;
    }
  }
}

/// What a tile has at the end: entries that are left after those of one block were put together by two.
static size_t singles_of(size_t entries) { return entries % 2; }

pare_sparse_count pare_dense_slots_u8s8_count(const int8_t *weights, size_t outputs, size_t inputs, size_t block) {
  pare_sparse_count count = {0, 0, 0};
  for (size_t tile = 0; tile < tiles_of(outputs); tile++) {
    size_t pairs = 0, singles = 0;
    for (size_t first = 0; first < inputs; first += block) {
      const size_t entries = entries_of(block_of(weights, outputs, inputs, tile, first, block));
      pairs += entries / 2;
      singles += singles_of(entries);
    }
    if (block == PARE_NARROW_BLOCK) singles += singles % 2;
    count.entries += 2 * pairs + singles;
    count.columns += pairs + singles;
  }
  // Indices of the narrow form lie two to a byte.
  count.bytes = count.entries * PARE_LINE + (block == PARE_NARROW_BLOCK ? count.entries / 2 : count.entries) * PARE_LINE;
  return count;
}

/// Where the next entry goes: in the narrow form two share one line of indices, which lies before both.
typedef struct {
  int8_t *packed;
  int is_narrow, is_second;
} pare_entry_writer;

static void write_entry(pare_entry_writer *to, pare_block of, size_t ordinal) {
  const size_t lines = to->is_narrow ? 3 : 2;
  if (!to->is_second) memset(to->packed, 0, lines * PARE_LINE);
  pack_entry(of, ordinal, to->is_second ? 4 : 0, to->packed, to->packed + (to->is_second ? 2 : 1) * PARE_LINE);
  const int is_whole = !to->is_narrow || to->is_second;
  if (is_whole) to->packed += lines * PARE_LINE;
  to->is_second = !is_whole;
}

void pare_dense_slots_u8s8_pack(
  const int8_t *weights, size_t outputs, size_t inputs, size_t block, int32_t *counts, int32_t *columns, int8_t *packed
) {
  pare_entry_writer to = {packed, block == PARE_NARROW_BLOCK, 0};
  for (size_t tile = 0; tile < tiles_of(outputs); tile++, counts += 2) {
    counts[0] = counts[1] = 0;
    for (int is_single = 0; is_single < 2; is_single++)
      for (size_t first = 0; first < inputs; first += block) {
        const pare_block of = block_of(weights, outputs, inputs, tile, first, block);
        const size_t entries = entries_of(of), paired = entries - singles_of(entries);
        for (size_t ordinal = is_single ? paired : 0; ordinal < (is_single ? entries : paired); ordinal++) {
          write_entry(&to, of, ordinal);
          if (!is_single && ordinal % 2) continue;
          counts[is_single]++;
          *columns++ = (int32_t)first;
        }
      }
    if (!to.is_narrow) continue;
    // The last of an odd number stands beside weights of 0.
    if (to.is_second) {
      to.packed += 3 * PARE_LINE;
      to.is_second = 0;
      *columns++ = 0;
    }
    counts[1] = (counts[1] + 1) / 2;
  }
}
