#include "../cpu/variant.h"
#include "pare_dequantize.h"

void pare_dequantize_u8_f32(const void *operands, const void *input, void *output, unsigned char *arena) {
  (void)arena;
  const pare_dequantize_u8 *s = operands;
  const uint8_t *x = input;
  float *y = output;
  for (int32_t i = 0; i < s->count; i++) y[i] = (float)(x[i] - s->zero_point) * s->scale;
}
