#ifndef PARE_PRODUCT_KERNELS_H
#define PARE_PRODUCT_KERNELS_H

#include "pare_inference_kernels.h"

// Operands of products with weights of other formats than Float32 and INT8, and of trees: see pare_inference_kernels.h
// for what they share. All of them round outputs up to tiles of PARE_TILE.

// Inputs that dense_u8s4 reads at a time; a word of signs; inputs among which slots choose; a
// line of weights of eight bits.
enum {
  PARE_CHUNK = 32, PARE_SIGN_WORD = 32, PARE_SLOT_BLOCK = 16, PARE_TREE_BLOCK = 8, PARE_NARROW_BLOCK = 16,
  PARE_WIDE_BLOCK = 64, PARE_LINE = 64
};

// dense_u8s4_u8, dense_u8s4_f32: as dense_u8s8, with weights of four bits in groups that have a multiplier each: the
// accumulator is bias + Σ over groups of multiplier · Σ x w. Equal bits in every variant. Reads whole chunks of inputs.
typedef struct {
  int32_t chunks;                    // inputs / PARE_CHUNK, rounded up
  int32_t tiles;
  int32_t group_chunks;              // chunks to a group: 1, 2 or 4
  const uint8_t *weights;            // [tiles][chunks][PARE_CHUNK / 8][PARE_TILE][4], two to a byte, see the packing
  const uint8_t *group_multiplier;   // [tiles][groups][PARE_TILE]
  const int32_t *bias;               // [tiles · PARE_TILE]: quantized bias − zero point · Σ multiplier · w, modulo 2^32
  const int32_t *multiplier;         // the rest as in pare_dense_u8s8
  const int32_t *shift;
  const float *scale;
  int32_t zero_point;
  int32_t low;
} pare_dense_u8s4;

/// Bytes of the packed weights.
static inline size_t pare_dense_u8s4_packed_count(size_t outputs, size_t inputs) {
  return (outputs + 15) / 16 * 16 * ((inputs + PARE_CHUNK - 1) / PARE_CHUNK * PARE_CHUNK) / 2;
}
/// Packs row-major weights [outputs, inputs] in −8 … 7: byte k of a lane holds input 8j + k below and 8j + 4 + k above,
/// as two's complement.
void pare_dense_u8s4_pack(const int8_t *weights, size_t outputs, size_t inputs, uint8_t *packed);
/// Packs row-major multipliers [outputs, groups]: [tiles][groups][PARE_TILE].
void pare_dense_u8s4_pack_multipliers(const uint8_t *multipliers, size_t outputs, size_t groups, uint8_t *packed);

// pack_signs: float x[count] → bit i of little-endian words of PARE_SIGN_WORD bits is x[i] >= 0, so NaN is a 0; the rest
// of the last word is 0.
typedef struct {
  int32_t count;
} pare_pack_signs;

// dense_binary_f32:  bits → float y[outputs] = (inputs − 2 p) · scale + bias, each operation rounded once, where p counts
// the bits in which input and weights differ.
// dense_binary_bits: bits → bits: p <= limit. Bits behind the last tile, up to a whole word, are 0.
typedef struct {
  int32_t inputs;
  int32_t words;              // inputs / PARE_SIGN_WORD, rounded up
  int32_t tiles;
  const uint32_t *weights;    // [tiles][words][PARE_TILE], zeros where padded
  const float *scale;         // [tiles · PARE_TILE], _f32 only
  const float *bias;          // [tiles · PARE_TILE], _f32 only
  const int32_t *limit;       // [tiles · PARE_TILE], _bits only; −1 gives 0 always
} pare_dense_binary;

static inline size_t pare_sign_words(size_t count) { return (count + PARE_SIGN_WORD - 1) / PARE_SIGN_WORD; }
/// Packs signs [outputs, inputs], 1 where positive.
void pare_dense_binary_pack(const uint8_t *signs, size_t outputs, size_t inputs, uint32_t *packed);

// dense_f16, dense_bf16: as dense_f32, with weights of 16 bits that are widened exactly; sums in float, with its bound.
typedef struct {
  int32_t inputs;
  int32_t tiles;
  const uint16_t *weights;   // [tiles][inputs][PARE_TILE]
  const float *bias;
  int32_t relu;
} pare_dense_half;

/// Packs row-major weights as pare_dense_f32_pack does.
void pare_dense_half_pack(
  const uint16_t *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride, uint16_t *packed);

// dense_lut4: as dense_f32, with weights that are indices into a table of 16 floats.
typedef struct {
  int32_t inputs;
  int32_t tiles;
  const uint8_t *indices;   // [tiles][(inputs + 1) / 2][PARE_TILE]: the even input below, the odd one above
  const float *table;       // [16]
  const float *bias;
  int32_t relu;
} pare_dense_lut4;

/// Bytes of the packed indices.
static inline size_t pare_dense_lut4_packed_count(size_t outputs, size_t inputs) {
  return (outputs + 15) / 16 * 16 * ((inputs + 1) / 2);
}
/// Packs index(o, i) = indices[o · output_stride + i · input_stride], each below 16.
void pare_dense_lut4_pack(
  const uint8_t *indices, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride, uint8_t *packed);

// dense_block_f32: as dense_f32, for weights of which whole columns of a tile are 0: those are not multiplied.
typedef struct {
  int32_t tiles;
  const int32_t *starts;    // [tiles + 1] into columns and weights
  const int32_t *columns;   // the inputs that a tile has
  const float *weights;     // [columns][PARE_TILE]
  const float *bias;
  int32_t relu;
} pare_dense_block;

// dense_slots_f32: as dense_f32, for weights with zeros anywhere. Of each block of PARE_SLOT_BLOCK inputs every output
// lists those that it has, in as many slots as the fullest output of its tile; what stays free multiplies the block's
// first input by 0.
typedef struct {
  int32_t tiles;
  int32_t inputs;
  int32_t blocks;            // inputs / PARE_SLOT_BLOCK, rounded up
  const uint8_t *counts;     // [tiles][blocks] slots
  const uint8_t *indices;    // [slots][PARE_TILE] within the block
  const float *weights;      // [slots][PARE_TILE]
  const float *bias;
  int32_t relu;
} pare_dense_slots;

/// Counts the entries, of PARE_TILE floats each, and packs weight(o, i) = weights[o · output_stride + i · input_stride]
/// for dense_block_f32: `columns` and `packed` have room for the entries.
size_t pare_dense_block_entries(
  const float *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride);
void pare_dense_block_pack(
  const float *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride, int32_t *starts,
  int32_t *columns, float *packed);
/// The same for dense_slots_f32: `counts` has room for tiles · blocks, `indices` and `packed` for the entries.
size_t pare_dense_slots_entries(
  const float *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride);
void pare_dense_slots_pack(
  const float *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride, uint8_t *counts,
  uint8_t *indices, float *packed);

// What is left of integer weights with zeros, as entries of a tile: PARE_GROUP weights for each of its outputs, which
// is a line. Equal bits in every variant, and those of dense_u8s8 on the same weights.
//
// dense_block_u8s8:   an entry holds a group of inputs that not all outputs of the tile leave out.
// dense_slots16_u8s8: an entry holds, of a block of PARE_NARROW_BLOCK inputs, up to four that each output has, and which
//                     they are: half a byte each. Two entries share a line of indices: that line, with the first's in the
//                     lower halves, then both lines of weights.
// dense_slots64_u8s8: the same of PARE_WIDE_BLOCK inputs, with a byte for each index: a line of indices before each line of
//                     weights.
// A block has as many entries as the fullest output of the tile needs; what stays free multiplies its first input by 0. A
// tile has first the pairs of entries of one block, then the single ones; of slots16 those are pairs too, of two blocks, and
// the last may meet weights of 0. Reads whole blocks of inputs.
typedef struct {
  pare_dense_u8s8 layer;    // `weights` are the entries; `groups` is not read
  const int32_t *counts;    // block: [tiles] entries. Slots: [tiles][2] pairs of one block, then singles (slots16: pairs)
  const int32_t *columns;   // the first input of each block: one for each entry or pair of one block, in order
} pare_sparse_u8s8;

/// What packing needs room for; `entries` is what the form multiplies.
typedef struct {
  size_t entries, columns, bytes;
} pare_sparse_count;

/// Counts and packs row-major weights [outputs, inputs]: `columns` and `packed` have room for what was counted, `counts` for
/// a number for each tile.
pare_sparse_count pare_dense_block_u8s8_count(const int8_t *weights, size_t outputs, size_t inputs);
void pare_dense_block_u8s8_pack(
  const int8_t *weights, size_t outputs, size_t inputs, int32_t *counts, int32_t *columns, int8_t *packed);
/// The same for slots among `block` inputs, PARE_NARROW_BLOCK or PARE_WIDE_BLOCK; two counts for each tile.
pare_sparse_count pare_dense_slots_u8s8_count(const int8_t *weights, size_t outputs, size_t inputs, size_t block);
void pare_dense_slots_u8s8_pack(
  const int8_t *weights, size_t outputs, size_t inputs, size_t block, int32_t *counts, int32_t *columns, int8_t *packed);

// tree_ensemble: float x[features], external → float y[targets]. Trees are walked PARE_TREE_BLOCK at a time, without
// branches, each for as many steps as the deepest of its block has; a leaf leads back to itself. Then the leaves' weights
// are added tree by tree, and the sums divided by the divisor. Equal bits in every variant.
typedef struct {
  int32_t features;
  int32_t trees;             // a multiple of PARE_TREE_BLOCK: what pads are leaves without entries
  int32_t targets;
  const uint64_t *nodes;     // see pare_tree_node
  const int32_t *roots;      // [trees] into nodes
  const int32_t *steps;      // [trees / PARE_TREE_BLOCK]
  const int32_t *offsets;    // [nodes + 1]: entries of a leaf, none of an inner node
  const int32_t *entry_targets;
  const float *entry_weights;
  float divisor;             // 1 for a sum
  const float *bias;         // [targets], added last; null for none
} pare_tree_ensemble;

/// A node: x[feature] <= threshold leads `child` nodes ahead, otherwise, NaN included, to one further; with `nan_is_first`
/// NaN leads to the first. A leaf has no distance to go, and a threshold that nothing exceeds.
static inline uint64_t pare_tree_node(float threshold, uint32_t feature, int nan_is_first, uint32_t child) {
  uint32_t bits;
  __builtin_memcpy(&bits, &threshold, 4);
  return (uint64_t)bits | (uint64_t)(feature & 0x7fff) << 32 | (uint64_t)(nan_is_first != 0) << 47 | (uint64_t)child << 48;
}

#endif
