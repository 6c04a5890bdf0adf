// Matrices turned over: y[j * y_stride + i] = x[i * x_stride + j] for i in 0 ..< rows and j in 0 ..< columns.
#ifndef PARE_TRANSPOSE_H
#define PARE_TRANSPOSE_H

#include <stddef.h>
#include <stdint.h>

void pare_transpose_u8(const uint8_t *x, size_t x_stride, size_t rows, size_t columns, uint8_t *y, size_t y_stride);
void pare_transpose_f32(const float *x, size_t x_stride, size_t rows, size_t columns, float *y, size_t y_stride);

#endif
