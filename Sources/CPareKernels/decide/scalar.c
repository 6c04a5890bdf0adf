#include "../cpu/variant.h"

// Without branches: a predicted decision would let the next run begin before this one ended.
PARE_KERNEL(decide, scalar) {
  const pare_decide *step = operands;
  const float *p = input;
  int8_t *decisions = output;
  for (int32_t row = 0; row < step->rows; row++, p += step->classes) {
    const float down = p[0], up = p[step->classes - 1];
    const int32_t sells = down >= step->short_threshold, buys = up >= step->long_threshold;
    const int32_t rises = up > down, falls = down > up;
    int32_t known = 1;
    for (int32_t i = 0; i < step->classes; i++) known &= p[i] == p[i];
    decisions[row] = (int8_t)(known * ((buys & (rises | !sells)) - (sells & (falls | !buys))));
  }
}
