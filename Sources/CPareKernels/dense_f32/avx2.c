#include "../cpu/variant.h"

#ifdef PARE_X86

// `tiles` tiles at once, the inputs dealt out to `splits` partial sums each, so that eight chains of additions hide each
// other's latency.
PARE_INLINE PARE_AVX2 void block(
  const pare_dense_f32 *layer, const float *x, float *y, int32_t first, const int tiles, const int splits
) {
  const size_t inputs = (size_t)layer->inputs;
  const float *w = layer->weights + (size_t)first * inputs * PARE_TILE;
  __m256 sum[8][2];
  for (int t = 0; t < tiles; t++)
    for (int s = 0; s < splits; s++)
      for (int half = 0; half < 2; half++)
        sum[t * splits + s][half] =
          s == 0 ? _mm256_load_ps(layer->bias + (first + t) * PARE_TILE + half * 8) : _mm256_setzero_ps();
  size_t i = 0;
  for (; i + (size_t)splits <= inputs; i += (size_t)splits)
    for (int s = 0; s < splits; s++) {
      const __m256 v = _mm256_broadcast_ss(x + i + s);
      for (int t = 0; t < tiles; t++)
        for (int half = 0; half < 2; half++)
          sum[t * splits + s][half] = _mm256_fmadd_ps(
            v, _mm256_load_ps(w + ((size_t)t * inputs + i + (size_t)s) * PARE_TILE + half * 8),
            sum[t * splits + s][half]);
    }
  for (; i < inputs; i++)
    for (int t = 0; t < tiles; t++)
      for (int half = 0; half < 2; half++)
        sum[t * splits][half] = _mm256_fmadd_ps(
          _mm256_broadcast_ss(x + i), _mm256_load_ps(w + ((size_t)t * inputs + i) * PARE_TILE + half * 8),
          sum[t * splits][half]);
  for (int t = 0; t < tiles; t++)
    for (int half = 0; half < 2; half++) {
      for (int width = splits / 2; width > 0; width /= 2)
        for (int s = 0; s < width; s++)
          sum[t * splits + s][half] = _mm256_add_ps(sum[t * splits + s][half], sum[t * splits + s + width][half]);
      __m256 total = sum[t * splits][half];
      // The sum second: max returns its second operand where one is NaN, and Relu passes NaN on.
      if (layer->relu) total = _mm256_max_ps(_mm256_setzero_ps(), total);
      _mm256_store_ps(y + (first + t) * PARE_TILE + half * 8, total);
    }
}

PARE_AVX2 PARE_KERNEL(dense_f32, avx2) {
  const pare_dense_f32 *layer = operands;
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block(layer, input, output, tile, 4, 1);
  for (; tile + 2 <= layer->tiles; tile += 2) block(layer, input, output, tile, 2, 2);
  if (tile < layer->tiles) block(layer, input, output, tile, 1, 4);
}

#endif
