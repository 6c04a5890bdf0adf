// Dense products over tiles in float, for kernels that differ only in how they come by a tile's weights. A file defines
// `pare_layer`, a type with `tiles`, `inputs`, `bias` and `relu`, and tile_weights_avx512(layer, tile, input) → __m512.
// Inputs are dealt out to partial sums, so that eight chains of additions hide each other's latency.
#include "variant.h"

PARE_INLINE PARE_AVX512 void block_avx512(
  const pare_layer *layer, const float *x, float *y, int32_t first, const int tiles, const int splits
) {
  const int32_t inputs = layer->inputs;
  __m512 sum[8];
  for (int t = 0; t < tiles; t++)
    for (int s = 0; s < splits; s++)
      sum[t * splits + s] = s == 0 ? _mm512_load_ps(layer->bias + (first + t) * PARE_TILE) : _mm512_setzero_ps();
  int32_t i = 0;
  for (; i + splits <= inputs; i += splits)
    for (int s = 0; s < splits; s++) {
      const __m512 v = _mm512_set1_ps(x[i + s]);
      for (int t = 0; t < tiles; t++)
        sum[t * splits + s] = _mm512_fmadd_ps(v, tile_weights_avx512(layer, first + t, i + s), sum[t * splits + s]);
    }
  for (; i < inputs; i++)
    for (int t = 0; t < tiles; t++)
      sum[t * splits] =
        _mm512_fmadd_ps(_mm512_set1_ps(x[i]), tile_weights_avx512(layer, first + t, i), sum[t * splits]);
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

PARE_INLINE PARE_AVX512 void run_avx512(const pare_layer *layer, const float *x, float *y) {
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block_avx512(layer, x, y, tile, 4, 2);
  for (; tile + 2 <= layer->tiles; tile += 2) block_avx512(layer, x, y, tile, 2, 4);
  if (tile < layer->tiles) block_avx512(layer, x, y, tile, 1, 4);
}
