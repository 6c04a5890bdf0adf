#ifndef PARE_RECURRENT_S16_H
#define PARE_RECURRENT_S16_H

#include "pare_stream.h"

// Recurrent layers in integers, one sequence: docs/integer-arithmetic.md, §8 to §11. All variants give equal bits.
//
// Arguments of gates are int16 of 12 fractional bits, gate after gate, `hidden` of them each. Kernels work on whole
// blocks of PARE_UNITS units: what they read and write ends at a multiple of it, so arguments of gates need room for
// pare_gate_count elements, states for pare_unit_count.

enum { PARE_UNITS = 32 };

/// Elements of a state with room for whole blocks.
static inline size_t pare_unit_count(size_t hidden) { return (hidden + PARE_UNITS - 1) / PARE_UNITS * PARE_UNITS; }
/// Elements of one step's arguments of gates, with room for whole blocks and whole tiles.
static inline size_t pare_gate_count(size_t gates, size_t hidden) {
  return (gates * hidden + PARE_UNITS + PARE_TILE - 1) / PARE_TILE * PARE_TILE;
}

/// Products with bytes, as arguments of gates: sat16((((acc >> shift) · multiplier) + 2^(bits − 1)) >> bits), where the
/// bias has what rounds the first shift. |acc >> shift| stays within 2^17, so that 32 bits are enough.
///
/// Weights have eight bits, or four bits in blocks of inputs: acc = bias + Σ over blocks of block multiplier · Σ x w.
typedef struct {
  int32_t groups;         // inputs / PARE_GROUP, rounded up
  int32_t tiles;          // outputs / PARE_TILE, rounded up
  int32_t bits;           // 0 … 13
  int32_t block_groups;   // groups to a block: 8, 16 or 32; 0: weights of eight bits
  const void *weights;    // as pare_dense_u8s8, or as pare_gate_pack_s4
  const uint8_t *block_multiplier;   // as pare_gate_pack_multipliers; null: weights of eight bits
  // [tiles · PARE_TILE], of four bits for an even number of tiles:
  const int32_t *bias;         // bias + 2^(shift − 1) − input zero point · Σ block multiplier · weight, modulo 2^32
  const int32_t *multiplier;   // 2^13 … 2^14 − 1
  const int32_t *shift;        // 0 … 31
} pare_gate_products;

// Weights of four bits: byte k of a lane holds input k of a group for two tiles, in its lower half the weight of the even
// tile and 8, in its upper half that of the odd tile in two's complement. As a signed byte it is 16 times the second plus
// the first and 8. PARE_PAIRS pairs of tiles lie side by side, the rest of them after these; so one walk over the memory
// serves as many sums as hide each other's latency.
enum { PARE_PAIRS = 4, PARE_GATE_BLOCKS = 512 };

static inline size_t pare_gate_pairs(size_t outputs) { return (outputs + 2 * PARE_TILE - 1) / (2 * PARE_TILE); }
static inline size_t pare_gate_s4_count(size_t outputs, size_t inputs) {
  return pare_gate_pairs(outputs) * ((inputs + PARE_GROUP - 1) / PARE_GROUP) * PARE_TILE * PARE_GROUP;
}
static inline size_t pare_gate_multiplier_count(size_t outputs, size_t blocks) {
  return pare_gate_pairs(outputs) * blocks * 2 * PARE_TILE;
}
/// Packs row-major weights [outputs, inputs] in −8 … 7 into [pairs / PARE_PAIRS][groups][PARE_PAIRS][PARE_TILE][PARE_GROUP];
/// at most PARE_GATE_BLOCKS blocks of inputs are multiplied.
void pare_gate_pack_s4(const int8_t *weights, size_t outputs, size_t inputs, uint8_t *packed);
/// Packs row-major multipliers [outputs, blocks] into [pairs / PARE_PAIRS][blocks][PARE_PAIRS][2][PARE_TILE].
void pare_gate_pack_multipliers(const uint8_t *multipliers, size_t outputs, size_t blocks, uint8_t *packed);

/// How a state goes on.
typedef struct {
  int32_t hidden;
  int32_t cell_bits;      // fractional bits of an LSTM's cell, 7 … 14
  int32_t state_levels;   // 1 … 32767: a state of bytes is (q − 128) / state_levels
  // What is read after the step; asked for while gates are computed, which leaves the caches idle. Null: nothing.
  const void *next;
} pare_recurrent_cell;

/// For each row of bytes, the arguments of gates. Rows of y have room for whole tiles.
typedef void (*pare_gate_kernel)(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride);

typedef struct {
  const char *name;   // the instruction set
  uint32_t needs;     // PARE_CPU_ bits
  pare_gate_kernel products, products_s4;   // weights of eight bits and of four
  /// One step of an LSTM, gates i, o, f, q: `by_input` and `by_state` are added; the cell moves on, h is written.
  void (*lstm)(
    const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *c, uint8_t *h);
  /// One step of a GRU, gates z, r, n, whose state is an int16 of 15 fractional bits and, for the products, bytes.
  void (*gru)(
    const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *state, uint8_t *h);
} pare_recurrent_s16_kernels;

/// The products of a layer in the form that its weights have.
static inline void pare_gate_arguments(
  const pare_recurrent_s16_kernels *kernels, const pare_gate_products *layer, const uint8_t *x, size_t x_stride,
  size_t rows, int16_t *y, size_t y_stride
) {
  (layer->block_groups ? kernels->products_s4 : kernels->products)(layer, x, x_stride, rows, y, y_stride);
}

/// The variants, scalar first, the preferred one last.
const pare_recurrent_s16_kernels *const *pare_recurrent_s16_variants(size_t *count);

/// A layer with its variant chosen.
typedef struct {
  const pare_recurrent_s16_kernels *kernels;
  pare_gate_products input, recurrent;
  // Of a GRU that resets its state before the product: the gate n's with the state, `recurrent` having z's and r's only.
  // No tiles: there is none.
  pare_gate_products reset;
  pare_recurrent_cell cell;
  int32_t gates;   // 4: LSTM; 3: GRU
} pare_recurrent_s16_layer;

/// Rows whose products with the input are taken together.
enum { PARE_RECURRENT_ROWS = PARE_STREAM_ROWS };

/// Elements of scratch that one step needs: of a GRU, which may reset its state first.
static inline size_t pare_recurrent_step_scratch(size_t gates, size_t hidden) {
  return gates == 3 ? 3 * pare_gate_count(gates, hidden) + 2 * pare_unit_count(hidden) : 0;
}
/// Elements of scratch that a run over many steps needs.
static inline size_t pare_recurrent_scratch(size_t gates, size_t hidden) {
  return (PARE_RECURRENT_ROWS + 1) * pare_gate_count(gates, hidden) + pare_recurrent_step_scratch(gates, hidden);
}
/// Elements of scratch that steps on PARE_STREAM_ROWS rows need.
static inline size_t pare_recurrent_row_scratch(size_t gates, size_t hidden) {
  return PARE_STREAM_ROWS * pare_gate_count(gates, hidden) + pare_recurrent_step_scratch(gates, hidden);
}

/// Runs `steps` rows of bytes, the last first if `reversed`. `h` [unit_count] and `state` [unit_count] (an LSTM's cell, a
/// GRU's state) go on from what they hold. Writes h after each step to its row of y, unless y is null. `scratch` has room
/// for pare_recurrent_scratch.
void pare_recurrent_s16_run(
  const pare_recurrent_s16_layer *layer, const uint8_t *x, size_t x_stride, size_t steps, int reversed, uint8_t *h,
  int16_t *state, uint8_t *y, size_t y_stride, int16_t *scratch);

/// by_state: what the next step adds to the products with its input.
void pare_recurrent_s16_by_state(const pare_recurrent_s16_layer *layer, const uint8_t *h, int16_t *by_state);
/// The step itself, where both are known, by the layer's cell or a copy of it; pare_recurrent_step_scratch.
void pare_recurrent_s16_advance(
  const pare_recurrent_s16_layer *layer, const pare_recurrent_cell *cell, const int16_t *by_input,
  const int16_t *by_state, uint8_t *h, int16_t *state, int16_t *scratch);

// MARK: steps of plans

/// A layer over a whole sequence: uint8_t x[steps][features] → uint8_t y[steps][directions][hidden].
typedef struct {
  pare_recurrent_s16_layer layers[2];
  int32_t reversed[2];
  int32_t directions;
  int32_t steps, features;
  int32_t has_state, has_cell;
  pare_place first_state, first_cell;   // [directions][hidden]: of an LSTM bytes and int16, of a GRU int16
  size_t scratch;                       // pare_recurrent_s16_scratch_bytes
  size_t last_state, last_cell;         // where outputs go, or PARE_EXTERNAL
} pare_recurrent_s16_sequence;

/// One row at a time: uint8_t x[features] → uint8_t y[hidden], the state kept in the arena.
typedef struct {
  pare_stream stream;
  pare_recurrent_s16_layer layer;
  const uint8_t *first_h;        // null: zeros
  const int16_t *first_state;    // null: zeros
  size_t memory;                 // pare_recurrent_s16_memory_bytes
  size_t scratch;                // int16 [pare_recurrent_row_scratch]
  size_t last_state, last_cell;  // where outputs go, or PARE_EXTERNAL
} pare_recurrent_s16_row;

static inline size_t pare_recurrent_s16_scratch_bytes(size_t gates, size_t hidden) {
  return 3 * pare_unit_count(hidden) + 2 * pare_recurrent_scratch(gates, hidden);
}
static inline size_t pare_recurrent_s16_memory_bytes(size_t gates, size_t hidden) {
  return PARE_STREAM_HEAD + 3 * pare_unit_count(hidden) + 2 * pare_gate_count(gates, hidden);
}

void pare_recurrent_s16_run_sequence(const void *operands, const void *input, void *output, unsigned char *arena);
void pare_recurrent_s16_run_row(const void *operands, const void *input, void *output, unsigned char *arena);
/// Of a pare_recurrent_s16_row: the state as at first; what of the next step is known before its row.
void pare_recurrent_s16_reset_row(const void *operands, unsigned char *arena);
void pare_recurrent_s16_prepare_row(const void *operands, unsigned char *arena);
void pare_recurrent_s16_bring_row(const void *operands);
void pare_recurrent_s16_run_rows(
  const void *operands, const void *input, size_t input_stride, void *output, unsigned char *arena, size_t stride,
  size_t rows);

#endif
