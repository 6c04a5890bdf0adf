#ifndef PARE_NORMALIZE_F32_SCALAR_H
#define PARE_NORMALIZE_F32_SCALAR_H

#include "../cpu/variant.h"

/// clip((x − offset) · scale, low, high), each operation rounded by itself; NaN stays NaN.
PARE_INLINE float pare_normalized(const pare_normalize *step, int32_t i, float x) {
  float y = (x - step->offset[i]) * step->scale[i];
  y = y < step->low ? step->low : y;
  return y > step->high ? step->high : y;
}

#endif
