// Private: softmax and its kin over rows, compiled once per instruction set. See vector_passes.h.
//
// Rows are often three numbers long, so the exponentials are taken over the whole array at once, between a pass that
// shifts each row by its maximum and one that folds each row.
#include "../vector_passes.h"

#include <math.h>

PARE_KERNEL void shift_rows(const float *x, float *y, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    const float *u = x + row * columns;
    float *z = y + row * columns;
    float highest = u[0];
    for (size_t j = 1; j < columns; j++) highest = u[j] > highest ? u[j] : highest;
    for (size_t j = 0; j < columns; j++) z[j] = u[j] - highest;
  }
}

PARE_INLINE float row_sum(const float *x, size_t columns) {
  float sum = 0;
  for (size_t j = 0; j < columns; j++) sum += x[j];
  return sum;
}

PARE_KERNEL void softmax(const float *x, float *y, size_t rows, size_t columns) {
  if (columns == 0) return;
  shift_rows(x, y, rows, columns);
  for (size_t i = 0; i < rows * columns; i++) y[i] = pare_exponential(y[i]);
  for (size_t row = 0; row < rows; row++) {
    float *z = y + row * columns;
    const float sum = row_sum(z, columns);
    for (size_t j = 0; j < columns; j++) z[j] /= sum;
  }
}

PARE_KERNEL void log_softmax(const float *x, float *y, size_t rows, size_t columns) {
  if (columns == 0) return;
  shift_rows(x, y, rows, columns);
  if (columns > PARE_SOFTMAX_BLOCK) {
    for (size_t row = 0; row < rows; row++) {
      float *z = y + row * columns;
      float sum = 0;
      for (size_t j = 0; j < columns; j++) sum += pare_exponential(z[j]);
      const float logarithm = logf(sum);
      for (size_t j = 0; j < columns; j++) z[j] -= logarithm;
    }
    return;
  }
  // The exponentials of as many rows at a time as a buffer on the stack holds.
  float block[PARE_SOFTMAX_BLOCK];
  const size_t step = PARE_SOFTMAX_BLOCK / columns;
  for (size_t start = 0; start < rows; start += step) {
    const size_t count = rows - start < step ? rows - start : step;
    float *z = y + start * columns;
    for (size_t i = 0; i < count * columns; i++) block[i] = pare_exponential(z[i]);
    for (size_t row = 0; row < count; row++) {
      const float logarithm = logf(row_sum(block + row * columns, columns));
      for (size_t j = 0; j < columns; j++) z[row * columns + j] -= logarithm;
    }
  }
}

PARE_KERNEL float cross_entropy(const float *x, const int64_t *labels, size_t rows, size_t columns) {
  if (columns == 0) return 0;
  float shifted[PARE_SOFTMAX_BLOCK], block[PARE_SOFTMAX_BLOCK];
  const size_t step = PARE_SOFTMAX_BLOCK / columns;
  // In double precision: a sequential sum that may be as long as the data.
  double sum = 0;
  for (size_t start = 0; start < rows; start += step) {
    const size_t count = rows - start < step ? rows - start : step;
    shift_rows(x + start * columns, shifted, count, columns);
    for (size_t i = 0; i < count * columns; i++) block[i] = pare_exponential(shifted[i]);
    for (size_t row = 0; row < count; row++) {
      const size_t label = (size_t)labels[start + row];
      sum += logf(row_sum(block + row * columns, columns)) - shifted[row * columns + label];
    }
  }
  return (float)sum;
}

PARE_KERNEL void cross_entropy_gradient(
    const float *x, const int64_t *labels, float scale, float *dx, size_t rows, size_t columns) {
  softmax(x, dx, rows, columns);
  for (size_t row = 0; row < rows; row++) dx[row * columns + (size_t)labels[row]] -= 1;
  for (size_t i = 0; i < rows * columns; i++) dx[i] *= scale;
}

PARE_KERNEL void softmax_gradient(const float *dy, const float *y, float *dx, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    const float *u = dy + row * columns, *z = y + row * columns;
    float *d = dx + row * columns;
    float sum = 0;
    for (size_t j = 0; j < columns; j++) sum += u[j] * z[j];
    for (size_t j = 0; j < columns; j++) d[j] = z[j] * (u[j] - sum);
  }
}

PARE_KERNEL void log_softmax_gradient(
    const float *dy, const float *y, float *restrict dx, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows * columns; i++) dx[i] = pare_exponential(y[i]);
  for (size_t row = 0; row < rows; row++) {
    const float *u = dy + row * columns;
    float *d = dx + row * columns;
    const float sum = row_sum(u, columns);
    for (size_t j = 0; j < columns; j++) d[j] = u[j] - d[j] * sum;
  }
}

extern const pare_softmax_kernels PARE_JOIN(pare_softmax_kernels_, PARE_VARIANT);
const pare_softmax_kernels PARE_JOIN(pare_softmax_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .softmax = softmax, .log_softmax = log_softmax,
  .softmax_gradient = softmax_gradient, .log_softmax_gradient = log_softmax_gradient,
  .cross_entropy = cross_entropy, .cross_entropy_gradient = cross_entropy_gradient,
};
