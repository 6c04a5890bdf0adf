#include "../normalize_f32/scalar.h"

PARE_KERNEL(quantize_f32_u8, scalar) {
  const pare_normalize *step = operands;
  const float *x = input;
  uint8_t *q = output;
  const float lowest = (float)-step->zero_point, highest = (float)(255 - step->zero_point);
  for (int32_t i = 0; i < step->count; i++) {
    float t = pare_normalized(step, i, x[i]) * step->reciprocal;
    t = t == t ? t : 0;
    t = t < lowest ? lowest : t;
    t = t > highest ? highest : t;
    // Adding 1.5 · 2^23 leaves no bits below the point, so it rounds half to even.
    const float shifted = t + 0x1.8p23f;
    q[i] = (uint8_t)((int32_t)(shifted - 0x1.8p23f) + step->zero_point);
  }
}
