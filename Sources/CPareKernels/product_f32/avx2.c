#include "../cpu/variant.h"

#ifdef PARE_X86

// As in avx512.c, a tile in two registers; of the last one `columns` are stored.
PARE_INLINE PARE_AVX2 void block(
  const pare_product_f32 *layer, const float *x, float *y, size_t tile, const int rows, int columns
) {
  const size_t inputs = (size_t)layer->inputs, outputs = (size_t)layer->outputs;
  const float *w = layer->weights + tile * inputs * PARE_TILE;
  __m256 sum[6][2];
  for (int half = 0; half < 2; half++) {
    const __m256 bias = _mm256_load_ps(layer->bias + tile * PARE_TILE + half * 8);
    for (int r = 0; r < rows; r++) sum[r][half] = bias;
  }
  for (size_t i = 0; i < inputs; i++, w += PARE_TILE) {
    const __m256 low = _mm256_load_ps(w), high = _mm256_load_ps(w + 8);
    for (int r = 0; r < rows; r++) {
      const __m256 factor = _mm256_broadcast_ss(x + (size_t)r * inputs + i);
      sum[r][0] = _mm256_fmadd_ps(factor, low, sum[r][0]);
      sum[r][1] = _mm256_fmadd_ps(factor, high, sum[r][1]);
    }
  }
  for (int r = 0; r < rows; r++) {
    float *to = y + (size_t)r * outputs + tile * PARE_TILE;
    float lanes[PARE_TILE];
    for (int half = 0; half < 2; half++) {
      // The sum second: max returns its second operand where one is NaN, and Relu passes NaN on.
      if (layer->relu) sum[r][half] = _mm256_max_ps(_mm256_setzero_ps(), sum[r][half]);
      _mm256_storeu_ps(columns == PARE_TILE ? to + half * 8 : lanes + half * 8, sum[r][half]);
    }
    if (columns < PARE_TILE)
      for (int j = 0; j < columns; j++) to[j] = lanes[j];
  }
}

PARE_INLINE PARE_AVX2 void rows_of(const pare_product_f32 *layer, const float *x, float *y, const int rows) {
  for (int32_t column = 0; column < layer->outputs; column += PARE_TILE) {
    const int32_t left = layer->outputs - column;
    block(layer, x, y, (size_t)(column / PARE_TILE), rows, left < PARE_TILE ? left : PARE_TILE);
  }
}

PARE_AVX2 PARE_KERNEL(product_f32, avx2) {
  const pare_product_f32 *layer = operands;
  const float *x = input;
  float *y = output;
  int32_t left = layer->rows;
  for (; left >= 6; left -= 6, x += 6 * (size_t)layer->inputs, y += 6 * (size_t)layer->outputs) rows_of(layer, x, y, 6);
  for (; left >= 2; left -= 2, x += 2 * (size_t)layer->inputs, y += 2 * (size_t)layer->outputs) rows_of(layer, x, y, 2);
  if (left > 0) rows_of(layer, x, y, 1);
}

#endif
