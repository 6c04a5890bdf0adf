#include "../cpu/variant.h"
#include <math.h>

PARE_KERNEL(softmax_rows_f32, scalar) {
  const pare_softmax_f32 *step = operands;
  const float *x = input;
  float *y = output;
  for (int32_t row = 0; row < step->rows; row++, x += step->count, y += step->count) {
    float highest = -INFINITY, sum = 0;
    for (int32_t i = 0; i < step->count; i++) highest = x[i] > highest ? x[i] : highest;
    for (int32_t i = 0; i < step->count; i++) {
      y[i] = expf(x[i] - highest);
      sum += y[i];
    }
    for (int32_t i = 0; i < step->count; i++) y[i] /= sum;
  }
}
