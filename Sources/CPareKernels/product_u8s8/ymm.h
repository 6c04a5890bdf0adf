// The 256-bit kernels, for a file that defines PARE_TARGET, PARE_YMM_NAME(operation) and `dot`.
#include "../dense_u8s8/requantize_ymm.h"

#define PARE_ROWS 4

/// Adds the products of one tile with `rows` rows: a weight is loaded once for all of them.
PARE_INLINE PARE_TARGET void accumulate(
  const pare_product_u8s8 *product, const uint8_t *x, int32_t row, int32_t tile, const int rows,
  __m256i sum[PARE_ROWS][2]
) {
  const pare_dense_u8s8 *layer = &product->layer;
  const int8_t *w = layer->weights + (size_t)tile * (size_t)layer->groups * PARE_TILE * PARE_GROUP;
  const uint8_t *from[PARE_ROWS];
  for (int r = 0; r < rows; r++) {
    from[r] = x + product->row_offsets[row + r];
    for (int half = 0; half < 2; half++)
      sum[r][half] = _mm256_load_si256((const __m256i *)(layer->bias + tile * PARE_TILE + half * 8));
  }
  for (int32_t g = 0; g < layer->groups; g++, w += PARE_TILE * PARE_GROUP) {
    const __m256i low = _mm256_load_si256((const __m256i *)w), high = _mm256_load_si256((const __m256i *)(w + 32));
    for (int r = 0; r < rows; r++) {
      int32_t four;
      __builtin_memcpy(&four, from[r] + product->group_offsets[g], 4);
      const __m256i v = _mm256_set1_epi32(four);
      sum[r][0] = dot(sum[r][0], v, low);
      sum[r][1] = dot(sum[r][1], v, high);
    }
  }
}

PARE_INLINE PARE_TARGET void rows_u8(const pare_product_u8s8 *product, const uint8_t *x, uint8_t *y, int32_t row, const int rows) {
  for (int32_t tile = 0; tile < product->layer.tiles; tile++) {
    __m256i sum[PARE_ROWS][2];
    accumulate(product, x, row, tile, rows, sum);
    const int32_t left = product->outputs - tile * PARE_TILE;
    for (int r = 0; r < rows; r++) {
      uint8_t *to = y + (size_t)(row + r) * product->output_stride + tile * PARE_TILE;
      const __m128i q = requantize(&product->layer, sum[r], tile * PARE_TILE);
      if (left >= PARE_TILE) {
        _mm_storeu_si128((__m128i *)to, q);
      } else {
        uint8_t lanes[PARE_TILE];
        _mm_storeu_si128((__m128i *)lanes, q);
        for (int32_t o = 0; o < left; o++) to[o] = lanes[o];
      }
    }
  }
}

PARE_INLINE PARE_TARGET void rows_f32(const pare_product_u8s8 *product, const uint8_t *x, float *y, int32_t row, const int rows) {
  for (int32_t tile = 0; tile < product->layer.tiles; tile++) {
    __m256i sum[PARE_ROWS][2];
    accumulate(product, x, row, tile, rows, sum);
    const int32_t left = product->outputs - tile * PARE_TILE;
    for (int r = 0; r < rows; r++) {
      float *to = y + (size_t)(row + r) * product->output_stride + tile * PARE_TILE;
      float lanes[PARE_TILE];
      for (int half = 0; half < 2; half++)
        _mm256_storeu_ps(
          (left >= PARE_TILE ? to : lanes) + half * 8,
          _mm256_mul_ps(
            _mm256_cvtepi32_ps(sum[r][half]), _mm256_load_ps(product->layer.scale + tile * PARE_TILE + half * 8)));
      for (int32_t o = 0; o < left && left < PARE_TILE; o++) to[o] = lanes[o];
    }
  }
}

PARE_TARGET PARE_YMM_NAME(product_u8s8_u8) {
  const pare_product_u8s8 *product = operands;
  int32_t row = 0;
  for (; row + 4 <= product->rows; row += 4) rows_u8(product, input, output, row, 4);
  for (; row < product->rows; row++) rows_u8(product, input, output, row, 1);
}

PARE_TARGET PARE_YMM_NAME(product_u8s8_f32) {
  const pare_product_u8s8 *product = operands;
  int32_t row = 0;
  for (; row + 4 <= product->rows; row += 4) rows_f32(product, input, output, row, 4);
  for (; row < product->rows; row++) rows_f32(product, input, output, row, 1);
}
