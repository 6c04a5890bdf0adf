#include <string.h>

#include "pare_network_kernels.h"

PARE_STEP(rows) {
  const pare_rows_step *step = operands;
  step->function(input, output, step->rows, step->columns);
}

PARE_STEP(row_normalization) {
  const pare_row_normalization_step *step = operands;
  step->kernels->normalize(
    input, step->scale, step->bias, step->epsilon, step->centers != 0, output, step->rows, step->columns);
}

PARE_STEP(channels) {
  const pare_channels_step *step = operands;
  step->kernels->normalize(
    input, step->center, step->factor, step->shift, output, 1, step->channels, step->inner);
}

PARE_STEP(reduction) {
  const pare_reduction_step *step = operands;
  if (step->inner == 1) {
    step->kernels->row_sums(input, step->scale, output, step->outer, step->folded);
    return;
  }
  const float *x = input;
  float *y = output;
  for (size_t block = 0; block < step->outer; block++, x += step->folded * step->inner, y += step->inner)
    step->kernels->column_sums(x, step->scale, y, step->folded, step->inner);
}

PARE_STEP(each_row) {
  const pare_each_row_step *step = operands;
  const unsigned char *x = input;
  unsigned char *y = output;
  const int is_whole = step->output_bytes % 64 == 0;
  for (size_t row = 0; row < step->rows; row++, x += step->input_bytes, y += step->output_bytes) {
    unsigned char *to = is_whole ? y : arena + step->scratch;
    step->run(step->operands, x, to, arena);
    if (!is_whole) memcpy(y, to, step->output_bytes);
  }
}
