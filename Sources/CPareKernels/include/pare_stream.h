#ifndef PARE_STREAM_H
#define PARE_STREAM_H

#include "pare_inference_kernels.h"

/// What the operands of a step that keeps a state from row to row begin with.
typedef struct {
  /// Puts the state where it is before the first row.
  void (*reset)(const void *operands, unsigned char *arena);
  /// Computes what of the next row's step does not depend on the row. A step that finds it done does the rest alone.
  void (*prepare)(const void *operands, unsigned char *arena);
} pare_stream;

/// Bytes before a state, of which the first four say whether the next step is prepared.
enum { PARE_STREAM_HEAD = 64 };

static inline void pare_stream_reset(const void *operands, unsigned char *arena) {
  ((const pare_stream *)operands)->reset(operands, arena);
}
static inline void pare_stream_prepare(const void *operands, unsigned char *arena) {
  ((const pare_stream *)operands)->prepare(operands, arena);
}

#endif
