#include "../cpu/variant.h"

#ifdef PARE_X86

// As in avx2.c, with a tile in one register.
PARE_INLINE PARE_AVX512 void block(
  const pare_dense_f32 *layer, const float *x, float *y, int32_t first, const int tiles, const int splits
) {
  const size_t inputs = (size_t)layer->inputs;
  const float *w = layer->weights + (size_t)first * inputs * PARE_TILE;
  __m512 sum[8];
  for (int t = 0; t < tiles; t++)
    for (int s = 0; s < splits; s++)
      sum[t * splits + s] = s == 0 ? _mm512_load_ps(layer->bias + (first + t) * PARE_TILE) : _mm512_setzero_ps();
  size_t i = 0;
  for (; i + (size_t)splits <= inputs; i += (size_t)splits)
    for (int s = 0; s < splits; s++) {
      const __m512 v = _mm512_set1_ps(x[i + (size_t)s]);
      for (int t = 0; t < tiles; t++)
        sum[t * splits + s] = _mm512_fmadd_ps(
          v, _mm512_load_ps(w + ((size_t)t * inputs + i + (size_t)s) * PARE_TILE), sum[t * splits + s]);
    }
  for (; i < inputs; i++)
    for (int t = 0; t < tiles; t++)
      sum[t * splits] = _mm512_fmadd_ps(
        _mm512_set1_ps(x[i]), _mm512_load_ps(w + ((size_t)t * inputs + i) * PARE_TILE), sum[t * splits]);
  for (int t = 0; t < tiles; t++) {
    for (int width = splits / 2; width > 0; width /= 2)
      for (int s = 0; s < width; s++)
        sum[t * splits + s] = _mm512_add_ps(sum[t * splits + s], sum[t * splits + s + width]);
    __m512 total = sum[t * splits];
    // The sum second: max returns its second operand where one is NaN, and Relu passes NaN on.
    if (layer->relu) total = _mm512_max_ps(_mm512_setzero_ps(), total);
    _mm512_store_ps(y + (first + t) * PARE_TILE, total);
  }
}

PARE_AVX512 PARE_KERNEL(dense_f32, avx512) {
  const pare_dense_f32 *layer = operands;
  int32_t tile = 0;
  for (; tile + 8 <= layer->tiles; tile += 8) block(layer, input, output, tile, 8, 1);
  for (; tile + 4 <= layer->tiles; tile += 4) block(layer, input, output, tile, 4, 2);
  for (; tile + 2 <= layer->tiles; tile += 2) block(layer, input, output, tile, 2, 4);
  if (tile < layer->tiles) block(layer, input, output, tile, 1, 4);
}

#endif
