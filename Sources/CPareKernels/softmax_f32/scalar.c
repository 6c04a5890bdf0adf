#include "../cpu/variant.h"
#include <math.h>

PARE_KERNEL(softmax_f32, scalar) {
  const int32_t count = ((const pare_softmax_f32 *)operands)->count, rows = ((const pare_softmax_f32 *)operands)->rows;
  const float *x = input;
  float *y = output;
  for (int32_t row = 0; row < rows; row++, x += count, y += count) {
    float highest = -INFINITY, sum = 0;
    for (int32_t i = 0; i < count; i++) highest = x[i] > highest ? x[i] : highest;
    for (int32_t i = 0; i < count; i++) {
      y[i] = expf(x[i] - highest);
      sum += y[i];
    }
    for (int32_t i = 0; i < count; i++) y[i] /= sum;
  }
}
