// Private: passes over the channels of x [samples, channels, inner], compiled once per instruction set. See
// vector_passes.h.
#include "../vector_passes.h"

// y[c] = sum of TERM over a channel: over the elements of each sample in PARE_LANES partial sums, then over the samples;
// where a channel is one element, over the samples alone. CENTER is what the channel's term needs.
#define PARE_CHANNEL_SUM(NAME, PARAMETERS, CENTER, TERM)                                               \
  PARE_KERNEL void NAME(PARAMETERS, float *restrict y, size_t samples, size_t channels, size_t inner) { \
    for (size_t c = 0; c < channels; c++) y[c] = 0;                                                    \
    for (size_t sample = 0; sample < samples; sample++) {                                              \
      if (inner == 1) {                                                                                \
        const size_t start = sample * channels;                                                        \
        for (size_t c = 0; c < channels; c++) { CENTER; const size_t i = start + c; y[c] += TERM; }    \
        continue;                                                                                      \
      }                                                                                                \
      for (size_t c = 0; c < channels; c++) {                                                          \
        CENTER;                                                                                        \
        size_t i = (sample * channels + c) * inner;                                                    \
        const size_t end = i + inner;                                                                  \
        float lanes[PARE_LANES] = {0};                                                                 \
        for (; i + PARE_LANES <= end;) {                                                               \
          for (size_t lane = 0; lane < PARE_LANES; lane++, i++) lanes[lane] += TERM;                   \
        }                                                                                              \
        for (size_t lane = 0; i < end; lane++, i++) lanes[lane] += TERM;                               \
        y[c] += pare_lanes_sum(lanes);                                                                 \
      }                                                                                                \
    }                                                                                                  \
  }

#define PARE_JUST_X const float *restrict x
#define PARE_X_CENTER const float *restrict x, const float *restrict center
#define PARE_A_X_CENTER const float *restrict a, const float *restrict x, const float *restrict center

PARE_CHANNEL_SUM(sums, PARE_JUST_X, (void)0, x[i])
PARE_CHANNEL_SUM(squares, PARE_X_CENTER, const float m = center[c], (x[i] - m) * (x[i] - m))
PARE_CHANNEL_SUM(products, PARE_A_X_CENTER, const float m = center[c], a[i] * (x[i] - m))

PARE_KERNEL void normalize(
    const float *restrict x, const float *restrict center, const float *restrict factor, const float *restrict shift,
    float *restrict y, size_t samples, size_t channels, size_t inner) {
  for (size_t sample = 0; sample < samples; sample++) {
    const size_t start = sample * channels * inner;
    if (inner == 1) {
      for (size_t c = 0; c < channels; c++) y[start + c] = (x[start + c] - center[c]) * factor[c] + shift[c];
      continue;
    }
    for (size_t c = 0; c < channels; c++) {
      const float m = center[c], f = factor[c], b = shift[c];
      const float *restrict u = x + start + c * inner;
      float *restrict z = y + start + c * inner;
      for (size_t i = 0; i < inner; i++) z[i] = (u[i] - m) * f + b;
    }
  }
}

PARE_KERNEL void combine(
    const float *restrict a, const float *restrict factor, const float *restrict x, const float *restrict center,
    const float *restrict slope, const float *restrict shift, float *restrict y, size_t samples, size_t channels,
    size_t inner) {
  for (size_t sample = 0; sample < samples; sample++) {
    const size_t start = sample * channels * inner;
    if (inner == 1) {
      for (size_t c = 0; c < channels; c++) {
        y[start + c] = a[start + c] * factor[c] + (x[start + c] - center[c]) * slope[c] + shift[c];
      }
      continue;
    }
    for (size_t c = 0; c < channels; c++) {
      const float f = factor[c], m = center[c], s = slope[c], b = shift[c];
      const float *restrict v = a + start + c * inner;
      const float *restrict u = x + start + c * inner;
      float *restrict z = y + start + c * inner;
      for (size_t i = 0; i < inner; i++) z[i] = v[i] * f + (u[i] - m) * s + b;
    }
  }
}

extern const pare_channel_kernels PARE_JOIN(pare_channel_kernels_, PARE_VARIANT);
const pare_channel_kernels PARE_JOIN(pare_channel_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .sums = sums, .squares = squares, .products = products, .normalize = normalize,
  .combine = combine,
};
