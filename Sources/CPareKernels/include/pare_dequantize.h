#ifndef PARE_DEQUANTIZE_H
#define PARE_DEQUANTIZE_H

#include "pare_inference_kernels.h"

// dequantize_u8_f32: uint8_t x[count] → float y[count], y = (x − zero_point) · scale.
typedef struct {
  int32_t count;
  int32_t zero_point;
  float scale;
} pare_dequantize_u8;

void pare_dequantize_u8_f32(const void *operands, const void *input, void *output, unsigned char *arena);

#endif
