#include "pare_stream.h"

void pare_stream_run_rows(
  const pare_step *steps, size_t count, const uint8_t *is_stream, unsigned char *arena, size_t stride,
  const void *external, size_t external_stride, size_t rows
) {
  for (size_t index = 0; index < count; index++) {
    const pare_step *step = steps + index;
    const unsigned char *input = step->input == PARE_EXTERNAL ? external : arena + step->input;
    const size_t input_stride = step->input == PARE_EXTERNAL ? external_stride : stride;
    if (is_stream[index]) {
      const pare_stream *stream = step->operands;
      stream->run_rows(step->operands, input, input_stride, arena + step->output, arena, stride, rows);
    } else {
      for (size_t row = 0; row < rows; row++)
        step->run(
          step->operands, input + row * input_stride, arena + row * stride + step->output, arena + row * stride);
    }
  }
}
