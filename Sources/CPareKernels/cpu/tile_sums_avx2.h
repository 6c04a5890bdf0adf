// As tile_sums_avx512.h, with tile_weights_avx2(layer, tile, input, half) → __m256.
#include "variant.h"

PARE_INLINE PARE_AVX2F16C void block_avx2(
  const pare_layer *layer, const float *x, float *y, int32_t first, const int tiles, const int splits
) {
  const int32_t inputs = layer->inputs;
  __m256 sum[4][2];
  for (int t = 0; t < tiles; t++)
    for (int s = 0; s < splits; s++)
      for (int half = 0; half < 2; half++)
        sum[t * splits + s][half] =
          s == 0 ? _mm256_load_ps(layer->bias + (first + t) * PARE_TILE + half * 8) : _mm256_setzero_ps();
  for (int32_t i = 0; i < inputs; i += splits)
    for (int s = 0; s < splits; s++) {
      if (i + s >= inputs) break;
      const __m256 v = _mm256_broadcast_ss(x + i + s);
      for (int t = 0; t < tiles; t++)
        for (int half = 0; half < 2; half++)
          sum[t * splits + s][half] =
            _mm256_fmadd_ps(v, tile_weights_avx2(layer, first + t, i + s, half), sum[t * splits + s][half]);
    }
  for (int t = 0; t < tiles; t++)
    for (int half = 0; half < 2; half++) {
      for (int width = splits / 2; width > 0; width /= 2)
        for (int s = 0; s < width; s++)
          sum[t * splits + s][half] = _mm256_add_ps(sum[t * splits + s][half], sum[t * splits + s + width][half]);
      __m256 total = sum[t * splits][half];
      if (layer->relu) total = _mm256_max_ps(_mm256_setzero_ps(), total);
      _mm256_store_ps(y + (first + t) * PARE_TILE + half * 8, total);
    }
}

PARE_INLINE PARE_AVX2F16C void run_avx2(const pare_layer *layer, const float *x, float *y) {
  int32_t tile = 0;
  for (; tile + 2 <= layer->tiles; tile += 2) block_avx2(layer, x, y, tile, 2, 2);
  if (tile < layer->tiles) block_avx2(layer, x, y, tile, 1, 4);
}
