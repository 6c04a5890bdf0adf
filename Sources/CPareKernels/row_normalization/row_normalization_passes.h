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

// A vector with each group of `columns` lanes, 2, 4, 8 or 16, added up in all of them, in the order of lanes_total.
#define PARE_FOLD16(v, columns)                                                                                      \
  do {                                                                                                               \
    if (columns > 8) v += __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);      \
    if (columns > 4) v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);      \
    if (columns > 2) v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);      \
    v += __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);                        \
  } while (0)

// Rows of 2, 4, 8 or 16, several to a vector: the bits of rows by themselves.
PARE_INLINE void normalize_narrow(
    const float *x, const float *scale, const float *bias, float epsilon, bool centers, float *y, size_t rows,
    const size_t columns) {
  float scales[PARE_LANES], biases[PARE_LANES], last[PARE_LANES] = {0};
  for (size_t j = 0; j < PARE_LANES; j++) {
    scales[j] = scale[j % columns];
    biases[j] = bias ? bias[j % columns] : 0;
  }
  const size_t all = rows * columns;
  for (size_t i = 0; i < all; i += PARE_LANES) {
    const bool is_whole = all - i >= PARE_LANES;
    if (!is_whole) __builtin_memcpy(last, x + i, (all - i) * sizeof(float));
    pare_v16 d = PARE_LOAD16(is_whole ? x + i : last);
    if (centers) {
      pare_v16 sum = (pare_v16){0} + d;
      PARE_FOLD16(sum, columns);
      d = d - sum / (float)columns;
    }
    pare_v16 squares = d * d;
    PARE_FOLD16(squares, columns);
    pare_v16 z = d * (1.0f / __builtin_elementwise_sqrt(squares / (float)columns + epsilon)) * PARE_LOAD16(scales);
    if (bias) z += PARE_LOAD16(biases);
    if (is_whole) {
      PARE_STORE16(y + i, z);
    } else {
      PARE_STORE16(last, z);
      __builtin_memcpy(y + i, last, (all - i) * sizeof(float));
    }
  }
}

PARE_KERNEL void normalize(
    const float *x, const float *scale, const float *bias, float epsilon, bool centers, float *y, size_t rows,
    size_t columns) {
  switch (columns) {
    case 4: normalize_narrow(x, scale, bias, epsilon, centers, y, rows, 4); return;
    case 8: normalize_narrow(x, scale, bias, epsilon, centers, y, rows, 8); return;
    case 16: normalize_narrow(x, scale, bias, epsilon, centers, y, rows, 16); return;
    default: break;
  }
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
