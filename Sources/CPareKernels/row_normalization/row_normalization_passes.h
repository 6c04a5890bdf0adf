// Private: normalization of rows and its gradient, compiled once per instruction set. See vector_passes.h.
#include "../vector_passes.h"

// The sum of 16 partial sums and of what is left over.
PARE_INLINE float lanes_total(const pare_v16 *sum, const float *rest, size_t count) {
  float lanes[PARE_LANES];
  PARE_STORE16(lanes, *sum);
  for (size_t lane = 0; lane < count; lane++) lanes[lane] += rest[lane];
  return pare_lanes_sum(lanes);
}

// A row's mean, or 0, and the factor that brings it to unit size.
PARE_INLINE void row_statistics(const float *x, size_t columns, float epsilon, bool centers, float *mean, float *factor) {
  const size_t whole = columns / PARE_LANES * PARE_LANES;
  float rest[PARE_LANES];
  pare_v16 sum = {0};
  float m = 0;
  if (centers) {
    for (size_t j = 0; j < whole; j += PARE_LANES) sum += PARE_LOAD16(x + j);
    m = lanes_total(&sum, x + whole, columns - whole) / (float)columns;
  }
  pare_v16 squares = {0};
  for (size_t j = 0; j < whole; j += PARE_LANES) {
    const pare_v16 d = PARE_LOAD16(x + j) - m;
    squares += d * d;
  }
  for (size_t j = whole; j < columns; j++) rest[j - whole] = (x[j] - m) * (x[j] - m);
  const float variance = lanes_total(&squares, rest, columns - whole) / (float)columns;
  *mean = m;
  *factor = 1.0f / pare_square_root(variance + epsilon);
}

PARE_KERNEL void normalize(
    const float *x, const float *scale, const float *bias, float epsilon, bool centers, float *y, size_t rows,
    size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    const float *restrict u = x + row * columns;
    float *restrict z = y + row * columns;
    float m, r;
    row_statistics(u, columns, epsilon, centers, &m, &r);
    if (bias) {
      for (size_t j = 0; j < columns; j++) z[j] = (u[j] - m) * r * scale[j] + bias[j];
    } else {
      for (size_t j = 0; j < columns; j++) z[j] = (u[j] - m) * r * scale[j];
    }
  }
}

PARE_KERNEL void gradient(
    const float *dy, const float *x, const float *restrict scale, float epsilon, bool centers, float *dx,
    float *restrict dscale, float *restrict dbias, size_t rows, size_t columns, float *restrict scratch) {
  const size_t whole = columns / PARE_LANES * PARE_LANES;
  for (size_t j = 0; j < columns; j++) dscale[j] = 0;
  if (dbias) for (size_t j = 0; j < columns; j++) dbias[j] = 0;
  for (size_t row = 0; row < rows; row++) {
    const float *restrict u = x + row * columns;
    const float *restrict w = dy + row * columns;
    float *restrict z = dx + row * columns;
    float m, r;
    row_statistics(u, columns, epsilon, centers, &m, &r);
    pare_v16 sum = {0}, inner = {0};
    for (size_t j = 0; j < whole; j += PARE_LANES) {
      const pare_v16 normalized = (PARE_LOAD16(u + j) - m) * r;
      const pare_v16 dyj = PARE_LOAD16(w + j);
      const pare_v16 g = dyj * PARE_LOAD16(scale + j);
      PARE_STORE16(scratch + j, normalized);
      PARE_STORE16(z + j, g);
      PARE_STORE16(dscale + j, PARE_LOAD16(dscale + j) + dyj * normalized);
      sum += g;
      inner += g * normalized;
    }
    float rest_sum[PARE_LANES], rest_inner[PARE_LANES];
    for (size_t j = whole; j < columns; j++) {
      const float normalized = (u[j] - m) * r;
      const float g = w[j] * scale[j];
      scratch[j] = normalized;
      z[j] = g;
      dscale[j] += w[j] * normalized;
      rest_sum[j - whole] = g;
      rest_inner[j - whole] = g * normalized;
    }
    if (dbias) for (size_t j = 0; j < columns; j++) dbias[j] += w[j];
    const float mean = centers ? lanes_total(&sum, rest_sum, columns - whole) / (float)columns : 0;
    const float slope = lanes_total(&inner, rest_inner, columns - whole) / (float)columns;
    for (size_t j = 0; j < columns; j++) z[j] = r * (z[j] - mean - scratch[j] * slope);
  }
}

extern const pare_row_normalization_kernels PARE_JOIN(pare_row_normalization_kernels_, PARE_VARIANT);
const pare_row_normalization_kernels PARE_JOIN(pare_row_normalization_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .normalize = normalize, .gradient = gradient,
};
