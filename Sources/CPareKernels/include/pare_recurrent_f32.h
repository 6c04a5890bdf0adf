#ifndef PARE_RECURRENT_F32_H
#define PARE_RECURRENT_F32_H

#include "pare_recurrent_s16.h"

// Recurrent layers in Float32, one sequence, with the standard functions. Products are sums of fused multiply-adds in
// the order of the inputs from the bias on, and functions are polynomials, so that all variants give equal bits. Rooms
// as in pare_recurrent_s16.h.

typedef struct {
  const char *name;   // the instruction set
  uint32_t needs;     // PARE_CPU_ bits
  /// For each row y = W x + bias; `relu` of the layer is not read. Rows of y have room for whole tiles.
  void (*products)(
    const pare_dense_f32 *layer, const float *x, size_t x_stride, size_t rows, float *y, size_t y_stride);
  /// One step of an LSTM, gates i, o, f, q: `by_input` and `by_state` are added; the cell moves on, h is written.
  void (*lstm)(int32_t hidden, const float *by_input, const float *by_state, float *c, float *h);
  /// One step of a GRU, gates z, r, n, the reset after the product; `c` is not used.
  void (*gru)(int32_t hidden, const float *by_input, const float *by_state, float *c, float *h);
} pare_recurrent_f32_kernels;

/// The variants, scalar first, the preferred one last.
const pare_recurrent_f32_kernels *const *pare_recurrent_f32_variants(size_t *count);

/// A layer with its variant chosen.
typedef struct {
  const pare_recurrent_f32_kernels *kernels;
  pare_dense_f32 input, recurrent;
  pare_dense_f32 reset;   // as of pare_recurrent_s16_layer
  int32_t hidden;
  int32_t gates;   // 4: LSTM; 3: GRU
} pare_recurrent_f32_layer;

/// Runs `steps` rows, the last first if `reversed`. `h` and `c` [unit_count] go on from what they hold. Writes h after
/// each step to its row of y, unless y is null. `scratch` has room for pare_recurrent_scratch.
void pare_recurrent_f32_run(
  const pare_recurrent_f32_layer *layer, const float *x, size_t x_stride, size_t steps, int reversed, float *h, float *c,
  float *y, size_t y_stride, float *scratch);

/// A layer over a whole sequence: float x[steps][features] → float y[steps][directions][hidden].
typedef struct {
  pare_recurrent_f32_layer layers[2];
  int32_t reversed[2];
  int32_t directions;
  int32_t steps, features;
  int32_t has_state, has_cell;
  pare_place first_state, first_cell;   // [directions][hidden]
  size_t scratch;                       // pare_recurrent_f32_scratch_bytes
  size_t last_state, last_cell;         // where outputs go, or PARE_EXTERNAL
} pare_recurrent_f32_sequence;

/// One row at a time: float x[features] → float y[hidden], the state kept in the arena.
typedef struct {
  pare_stream stream;
  pare_recurrent_f32_layer layer;
  const float *first_h, *first_state;   // null: zeros
  size_t memory;                        // pare_recurrent_f32_memory_bytes
  size_t scratch;                       // float [pare_recurrent_row_scratch]
  size_t last_state, last_cell;         // where outputs go, or PARE_EXTERNAL
} pare_recurrent_f32_row;

static inline size_t pare_recurrent_f32_scratch_bytes(size_t gates, size_t hidden) {
  return sizeof(float) * (2 * pare_unit_count(hidden) + pare_recurrent_scratch(gates, hidden));
}
static inline size_t pare_recurrent_f32_memory_bytes(size_t gates, size_t hidden) {
  return PARE_STREAM_HEAD + sizeof(float) * (2 * pare_unit_count(hidden) + pare_gate_count(gates, hidden));
}

void pare_recurrent_f32_run_sequence(const void *operands, const void *input, void *output, unsigned char *arena);
void pare_recurrent_f32_run_row(const void *operands, const void *input, void *output, unsigned char *arena);
/// Of a pare_recurrent_f32_row: the state as at first; what of the next step is known before its row.
void pare_recurrent_f32_reset_row(const void *operands, unsigned char *arena);
void pare_recurrent_f32_prepare_row(const void *operands, unsigned char *arena);
void pare_recurrent_f32_bring_row(const void *operands);
void pare_recurrent_f32_run_rows(
  const void *operands, const void *input, size_t input_stride, void *output, unsigned char *arena, size_t stride,
  size_t rows);

#endif
