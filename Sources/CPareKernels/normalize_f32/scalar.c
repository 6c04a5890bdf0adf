#include "scalar.h"

PARE_KERNEL(normalize_f32, scalar) {
  const pare_normalize *step = operands;
  const float *x = input;
  float *y = output;
  for (int32_t i = 0; i < step->count; i++) y[i] = pare_normalized(step, i, x[i]);
}
