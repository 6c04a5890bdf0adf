// Private: quantization by the range at hand, compiled once per instruction set. See vector_passes.h.
#include "../vector_passes.h"

// Minima and maxima do not depend on the order, so sixteen of each are taken side by side.
PARE_KERNEL void range(const float *x, size_t count, float *low, float *high) {
  float lows[PARE_LANES] = {0}, highs[PARE_LANES] = {0};
  size_t i = 0;
  for (; i + PARE_LANES <= count; i += PARE_LANES) {
    for (size_t lane = 0; lane < PARE_LANES; lane++) {
      const float v = x[i + lane];
      lows[lane] = v < lows[lane] ? v : lows[lane];
      highs[lane] = v > highs[lane] ? v : highs[lane];
    }
  }
  for (; i < count; i++) {
    lows[0] = x[i] < lows[0] ? x[i] : lows[0];
    highs[0] = x[i] > highs[0] ? x[i] : highs[0];
  }
  for (size_t half = PARE_LANES / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; lane++) {
      lows[lane] = lows[lane + half] < lows[lane] ? lows[lane + half] : lows[lane];
      highs[lane] = highs[lane + half] > highs[lane] ? highs[lane + half] : highs[lane];
    }
  }
  *low = lows[0];
  *high = highs[0];
}

PARE_KERNEL void quantize(const float *restrict x, float scale, int32_t zero_point, uint8_t *restrict q, size_t count) {
  const float lowest = (float)-zero_point, highest = (float)(255 - zero_point);
  for (size_t i = 0; i < count; i++) {
    float t = x[i] / scale;
    t = t == t ? t : 0;
    t = t < lowest ? lowest : t;
    t = t > highest ? highest : t;
    // Adding 1.5 * 2^23 leaves no bits below the point, so it rounds half to even.
    const float shifted = t + 0x1.8p23f;
    q[i] = (uint8_t)((int32_t)(shifted - 0x1.8p23f) + zero_point);
  }
}

PARE_KERNEL void start(
    const int32_t *restrict sums, int32_t zero_point, const float *restrict scales, float scale, int32_t *restrict bias,
    float *restrict factors, size_t count) {
  for (size_t i = 0; i < count; i++) bias[i] = (int32_t)((uint32_t)-zero_point * (uint32_t)sums[i]);
  for (size_t i = 0; i < count; i++) factors[i] = scale * scales[i];
}

extern const pare_dynamic_kernels PARE_JOIN(pare_dynamic_kernels_, PARE_VARIANT);
const pare_dynamic_kernels PARE_JOIN(pare_dynamic_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .range = range, .quantize = quantize, .start = start,
};
