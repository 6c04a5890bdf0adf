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

PARE_KERNEL void softmax(const float *x, float *y, size_t rows, size_t columns) {
  if (columns == 0) return;
  shift_rows(x, y, rows, columns);
  for (size_t i = 0; i < rows * columns; i++) y[i] = pare_exponential(y[i]);
  for (size_t row = 0; row < rows; row++) {
    float *z = y + row * columns;
    float sum = 0;
    for (size_t j = 0; j < columns; j++) sum += z[j];
    for (size_t j = 0; j < columns; j++) z[j] /= sum;
  }
}

PARE_KERNEL void log_softmax(const float *x, float *y, size_t rows, size_t columns) {
  if (columns == 0) return;
  // Exponentials of a block of rows at a time, in a buffer on the stack.
  float block[512];
  shift_rows(x, y, rows, columns);
  if (columns > sizeof block / sizeof block[0]) {
    for (size_t row = 0; row < rows; row++) {
      float *z = y + row * columns;
      float sum = 0;
      for (size_t j = 0; j < columns; j++) sum += pare_exponential(z[j]);
      const float logarithm = logf(sum);
      for (size_t j = 0; j < columns; j++) z[j] -= logarithm;
    }
    return;
  }
  const size_t step = sizeof block / sizeof block[0] / columns;
  for (size_t start = 0; start < rows; start += step) {
    const size_t count = rows - start < step ? rows - start : step;
    float *z = y + start * columns;
    for (size_t i = 0; i < count * columns; i++) block[i] = pare_exponential(z[i]);
    for (size_t row = 0; row < count; row++) {
      float sum = 0;
      for (size_t j = 0; j < columns; j++) sum += block[row * columns + j];
      const float logarithm = logf(sum);
      for (size_t j = 0; j < columns; j++) z[row * columns + j] -= logarithm;
    }
  }
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
    float sum = 0;
    for (size_t j = 0; j < columns; j++) sum += u[j];
    for (size_t j = 0; j < columns; j++) d[j] = u[j] - d[j] * sum;
  }
}

extern const pare_softmax_kernels PARE_JOIN(pare_softmax_kernels_, PARE_VARIANT);
const pare_softmax_kernels PARE_JOIN(pare_softmax_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .softmax = softmax, .log_softmax = log_softmax,
  .softmax_gradient = softmax_gradient, .log_softmax_gradient = log_softmax_gradient,
};
