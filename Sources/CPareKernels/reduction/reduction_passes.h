// Private: the reductions, compiled once per instruction set. See vector_passes.h.
#include "../vector_passes.h"

PARE_KERNEL void column_sums(const float *x, float scale, float *restrict y, size_t rows, size_t columns) {
  for (size_t j = 0; j < columns; j++) y[j] = 0;
  for (size_t row = 0; row < rows; row++) {
    const float *restrict z = x + row * columns;
    for (size_t j = 0; j < columns; j++) y[j] += z[j];
  }
  for (size_t j = 0; j < columns; j++) y[j] *= scale;
}

PARE_INLINE float sum(const float *x, size_t count) {
  float lanes[PARE_LANES] = {0};
  size_t i = 0;
  for (; i + PARE_LANES <= count; i += PARE_LANES) {
    for (size_t lane = 0; lane < PARE_LANES; lane++) lanes[lane] += x[i + lane];
  }
  for (size_t lane = 0; i + lane < count; lane++) lanes[lane] += x[i + lane];
  return pare_lanes_sum(lanes);
}

PARE_KERNEL void row_sums(const float *x, float scale, float *y, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) y[row] = scale * sum(x + row * columns, columns);
}

PARE_KERNEL float sum_of_squares(const float *x, size_t count) {
  float lanes[PARE_LANES] = {0};
  size_t i = 0;
  for (; i + PARE_LANES <= count; i += PARE_LANES) {
    for (size_t lane = 0; lane < PARE_LANES; lane++) lanes[lane] += x[i + lane] * x[i + lane];
  }
  for (size_t lane = 0; i + lane < count; lane++) lanes[lane] += x[i + lane] * x[i + lane];
  return pare_lanes_sum(lanes);
}

extern const pare_reduction_kernels PARE_JOIN(pare_reduction_kernels_, PARE_VARIANT);
const pare_reduction_kernels PARE_JOIN(pare_reduction_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .column_sums = column_sums, .row_sums = row_sums, .sum_of_squares = sum_of_squares,
};
