#ifndef PARE_STREAM_H
#define PARE_STREAM_H

#include "pare_inference_kernels.h"

/// What the operands of a step that keeps a state from row to row begin with.
typedef struct {
  /// Puts the state where it is before the first row.
  void (*reset)(const void *operands, unsigned char *arena);
  /// Computes what of the next row's step does not depend on the row. A step that finds it done does the rest alone.
  void (*prepare)(const void *operands, unsigned char *arena);
  /// Brings the constants that the next row needs near the processor.
  void (*bring_near)(const void *operands);
  /// Takes several rows, of which row i reads at input + i · input_stride and writes at output + i · stride. The state is
  /// that of the first arena.
  void (*run_rows)(
    const void *operands, const void *input, size_t input_stride, void *output, unsigned char *arena, size_t stride,
    size_t rows);
} pare_stream;

/// Rows that steps take together at most.
enum { PARE_STREAM_ROWS = 8 };

/// Runs steps on several rows, each step on all of them before the next. Row i has the arena at arena + i · stride, and
/// its features at external + i · external_stride.
void pare_stream_run_rows(
  const pare_step *steps, size_t count, const uint8_t *is_stream, unsigned char *arena, size_t stride,
  const void *external, size_t external_stride, size_t rows);

/// Bytes before a state, of which the first four say whether the next step is prepared.
enum { PARE_STREAM_HEAD = 64 };

/// Brings constants that the next row needs near the processor, the first bytes last, so that they are nearest. What does
/// not fit in a cache of usual size is left where it is.
static inline void pare_bring_near(const void *start, size_t byte_count) {
  enum { line = 64, limit = 1 << 19 };
  const char *bytes = start;
  for (size_t end = byte_count < limit ? byte_count : limit; end > 0; end = end > line ? end - line : 0)
    (void)*(const volatile char *)(bytes + (end - 1) / line * line);
}

static inline void pare_stream_reset(const void *operands, unsigned char *arena) {
  ((const pare_stream *)operands)->reset(operands, arena);
}
/// Prepares steps for the next row. What they need comes near only after all have computed, and the first step's last:
/// so nothing of another step lies between a step and what it reads.
static inline void pare_stream_prepare(const void *const *operands, size_t count, unsigned char *arena) {
  for (size_t index = count; index-- > 0;) ((const pare_stream *)operands[index])->prepare(operands[index], arena);
  for (size_t index = count; index-- > 0;) ((const pare_stream *)operands[index])->bring_near(operands[index]);
}

#endif
