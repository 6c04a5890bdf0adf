#include "transpose.h"

typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef float floats4 __attribute__((vector_size(16), aligned(4), may_alias));

// Four shuffles of 16 rows with those 8 further on turn a block of 16 x 16 over.
static void block_u8(const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride) {
  bytes16 v[16], w[16];
  for (size_t i = 0; i < 16; i++) v[i] = *(const bytes16 *)(x + i * x_stride);
  for (int stage = 0; stage < 4; stage++) {
    for (size_t i = 0; i < 8; i++) {
      w[2 * i] = __builtin_shufflevector(v[i], v[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      w[2 * i + 1] =
        __builtin_shufflevector(v[i], v[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    for (size_t i = 0; i < 16; i++) v[i] = w[i];
  }
  for (size_t i = 0; i < 16; i++) *(bytes16 *)(y + i * y_stride) = v[i];
}

static void block_f32(const float *x, size_t x_stride, float *y, size_t y_stride) {
  floats4 v[4], w[4];
  for (size_t i = 0; i < 4; i++) v[i] = *(const floats4 *)(x + i * x_stride);
  for (size_t i = 0; i < 2; i++) {
    w[2 * i] = __builtin_shufflevector(v[i], v[i + 2], 0, 4, 1, 5);
    w[2 * i + 1] = __builtin_shufflevector(v[i], v[i + 2], 2, 6, 3, 7);
  }
  for (size_t i = 0; i < 2; i++) {
    *(floats4 *)(y + 2 * i * y_stride) = __builtin_shufflevector(w[i], w[i + 2], 0, 4, 1, 5);
    *(floats4 *)(y + (2 * i + 1) * y_stride) = __builtin_shufflevector(w[i], w[i + 2], 2, 6, 3, 7);
  }
}

#define PARE_TRANSPOSE(name, type, width)                                                                      \
  void pare_transpose_##name(                                                                                  \
    const type *x, size_t x_stride, size_t rows, size_t columns, type *y, size_t y_stride) {                   \
    const size_t whole_rows = rows / width * width, whole_columns = columns / width * width;                   \
    for (size_t i = 0; i < whole_rows; i += width)                                                             \
      for (size_t j = 0; j < whole_columns; j += width)                                                        \
        block_##name(x + i * x_stride + j, x_stride, y + j * y_stride + i, y_stride);                          \
    for (size_t i = 0; i < rows; i++)                                                                          \
      for (size_t j = i < whole_rows ? whole_columns : 0; j < columns; j++) y[j * y_stride + i] = x[i * x_stride + j]; \
  }

PARE_TRANSPOSE(u8, uint8_t, 16)
PARE_TRANSPOSE(f32, float, 4)
