#include "pare_inference_kernels.h"
#include "pare_product_kernels.h"

static size_t tiles_of(size_t outputs) { return (outputs + PARE_TILE - 1) / PARE_TILE; }
static size_t lanes_of(size_t outputs, size_t tile) {
  return outputs - tile * PARE_TILE < PARE_TILE ? outputs - tile * PARE_TILE : PARE_TILE;
}

static int has_column(const float *weights, size_t lanes, size_t output_stride) {
  for (size_t lane = 0; lane < lanes; lane++)
    if (weights[lane * output_stride] != 0) return 1;
  return 0;
}

size_t pare_dense_block_entries(
  const float *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride
) {
  size_t entries = 0;
  for (size_t tile = 0; tile < tiles_of(outputs); tile++)
    for (size_t i = 0; i < inputs; i++)
      entries += (size_t)has_column(
        weights + tile * PARE_TILE * output_stride + i * input_stride, lanes_of(outputs, tile), output_stride);
  return entries;
}

void pare_dense_block_pack(
  const float *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride, int32_t *starts,
  int32_t *columns, float *packed
) {
  int32_t entry = 0;
  for (size_t tile = 0; tile < tiles_of(outputs); tile++) {
    starts[tile] = entry;
    const size_t lanes = lanes_of(outputs, tile);
    for (size_t i = 0; i < inputs; i++) {
      const float *column = weights + tile * PARE_TILE * output_stride + i * input_stride;
      if (!has_column(column, lanes, output_stride)) continue;
      columns[entry++] = (int32_t)i;
      for (size_t lane = 0; lane < PARE_TILE; lane++) *packed++ = lane < lanes ? column[lane * output_stride] : 0;
    }
  }
  starts[tiles_of(outputs)] = entry;
}

/// The weights that an output has in a block of inputs.
static size_t count_in_block(const float *weights, size_t inputs, size_t input_stride) {
  size_t count = 0;
  for (size_t i = 0; i < inputs; i++) count += weights[i * input_stride] != 0;
  return count;
}

/// The slots of a tile's block: what its fullest output needs.
static size_t slots_of(
  const float *weights, size_t lanes, size_t inputs, size_t output_stride, size_t input_stride
) {
  size_t most = 0;
  for (size_t lane = 0; lane < lanes; lane++) {
    const size_t count = count_in_block(weights + lane * output_stride, inputs, input_stride);
    if (count > most) most = count;
  }
  return most;
}

size_t pare_dense_slots_entries(
  const float *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride
) {
  size_t entries = 0;
  for (size_t tile = 0; tile < tiles_of(outputs); tile++)
    for (size_t i = 0; i < inputs; i += PARE_SLOT_BLOCK)
      entries += slots_of(
        weights + tile * PARE_TILE * output_stride + i * input_stride, lanes_of(outputs, tile),
        inputs - i < PARE_SLOT_BLOCK ? inputs - i : PARE_SLOT_BLOCK, output_stride, input_stride);
  return entries;
}

void pare_dense_slots_pack(
  const float *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride, uint8_t *counts,
  uint8_t *indices, float *packed
) {
  for (size_t tile = 0; tile < tiles_of(outputs); tile++)
    for (size_t first = 0; first < inputs; first += PARE_SLOT_BLOCK) {
      const size_t extent = inputs - first < PARE_SLOT_BLOCK ? inputs - first : PARE_SLOT_BLOCK;
      const float *block = weights + tile * PARE_TILE * output_stride + first * input_stride;
      const size_t lanes = lanes_of(outputs, tile);
      const size_t slots = slots_of(block, lanes, extent, output_stride, input_stride);
      *counts++ = (uint8_t)slots;
      for (size_t entry = 0; entry < slots * PARE_TILE; entry++) {
        indices[entry] = 0;
        packed[entry] = 0;
      }
      for (size_t lane = 0; lane < lanes; lane++) {
        size_t slot = 0;
        for (size_t i = 0; i < extent; i++) {
          const float weight = block[lane * output_stride + i * input_stride];
          if (weight == 0) continue;
          indices[slot * PARE_TILE + lane] = (uint8_t)i;
          packed[slot * PARE_TILE + lane] = weight;
          slot++;
        }
      }
      indices += slots * PARE_TILE;
      packed += slots * PARE_TILE;
    }
}
