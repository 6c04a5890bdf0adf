#include "pare_causal_convolution.h"

/// Where a row's step keeps the rows that its window reaches back to, and behind them the newest; whether they have yet to
/// move on.
static uint8_t *rows_of(const pare_quantized_causal_convolution_row *s, unsigned char *arena, int32_t **waits) {
  *waits = (int32_t *)(void *)(arena + s->memory);
  return arena + s->memory + PARE_STREAM_HEAD;
}

void pare_quantized_causal_convolution_reset_row(const void *operands, unsigned char *arena) {
  const pare_quantized_causal_convolution_row *s = operands;
  int32_t *waits;
  uint8_t *rows = rows_of(s, arena, &waits);
  __builtin_memset(rows, s->zero_point, (s->reach + 1) * s->padded_channels);
  *waits = 0;
}

void pare_quantized_causal_convolution_prepare_row(const void *operands, unsigned char *arena) {
  const pare_quantized_causal_convolution_row *s = operands;
  int32_t *waits;
  uint8_t *rows = rows_of(s, arena, &waits);
  if (*waits) __builtin_memmove(rows, rows + s->padded_channels, s->reach * s->padded_channels);
  *waits = 0;
}

void pare_quantized_causal_convolution_bring_row(const void *operands) {
  const pare_dense_u8s8 *layer = &((const pare_quantized_causal_convolution_row *)operands)->product.layer;
  pare_bring_near(layer->weights, (size_t)layer->tiles * (size_t)layer->groups * PARE_TILE * PARE_GROUP);
}

void pare_quantized_causal_convolution_run_row(
  const void *operands, const void *input, void *output, unsigned char *arena
) {
  const pare_quantized_causal_convolution_row *s = operands;
  int32_t *waits;
  uint8_t *rows = rows_of(s, arena, &waits);
  pare_quantized_causal_convolution_prepare_row(operands, arena);
  __builtin_memcpy(rows + s->reach * s->padded_channels, input, s->channels);
  s->run(&s->product, rows, output, arena);
  *waits = 1;
}

void pare_quantized_causal_convolution_run_rows(
  const void *operands, const void *input, size_t input_stride, void *output, unsigned char *arena, size_t stride,
  size_t rows
) {
  for (size_t row = 0; row < rows; row++)
    pare_quantized_causal_convolution_run_row(
      operands, (const unsigned char *)input + row * input_stride, (unsigned char *)output + row * stride, arena);
}
