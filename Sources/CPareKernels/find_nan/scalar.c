#include "../cpu/variant.h"

PARE_KERNEL(find_nan, scalar) {
  const pare_find_nan *step = operands;
  const float *x = input;
  for (int32_t row = 0; row < step->rows; row++, x += step->count) {
    int32_t found = 0;
    for (int32_t i = 0; i < step->count; i++) found |= x[i] != x[i];
    ((int32_t *)output)[row] = found;
  }
}
