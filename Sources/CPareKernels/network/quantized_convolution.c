#include <string.h>

#include "pare_network_kernels.h"
#include "transpose.h"

PARE_STEP(quantized_convolution) {
  const pare_quantized_convolution_step *step = operands;
  uint8_t *packed = arena + step->packed_scratch;
  unsigned char *rows = arena + step->row_scratch;
  if (step->packed_count > 0) memset(packed, step->zero_point, step->packed_count);
  for (size_t group = 0; group < step->groups; group++) {
    const uint8_t *x = (const uint8_t *)input + group * step->channels * step->input_count;
    for (size_t run = 0; run < step->run_count; run++)
      pare_transpose_u8(
        x + step->runs[run].from, step->input_count, step->channels, step->runs[run].count,
        packed + step->runs[run].to * step->padded_channels, step->padded_channels);
    const pare_product_u8s8 *product = &step->products[group];
    step->run(product, packed, rows, arena);
    const size_t outputs = (size_t)product->outputs, first = group * outputs * step->output_count;
    if (step->yields_bytes)
      pare_transpose_u8(
        rows, product->output_stride, step->output_count, outputs, (uint8_t *)output + first, step->output_count);
    else
      pare_transpose_f32(
        (const float *)(const void *)rows, product->output_stride, step->output_count, outputs, (float *)output + first,
        step->output_count);
  }
}
