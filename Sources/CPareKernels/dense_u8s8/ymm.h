// The 256-bit kernels, for a file that defines PARE_TARGET, PARE_YMM_NAME(operation) and `dot`: the sum, per 32-bit
// lane, of four products of unsigned and signed bytes, added to `sum`.

#include "requantize_ymm.h"

#define PARE_CHAINS 4

/// Adds the products of `tiles` tiles to `sum`; the groups are dealt out to `splits` partial sums each.
PARE_INLINE PARE_TARGET void accumulate(
  const pare_dense_u8s8 *layer, const uint8_t *x, int32_t first, const int tiles, const int splits,
  __m256i sum[PARE_CHAINS][2]
) {
  const size_t groups = (size_t)layer->groups, tile_bytes = PARE_TILE * PARE_GROUP;
  const int8_t *w = layer->weights + (size_t)first * groups * tile_bytes;
  for (int t = 0; t < tiles; t++)
    for (int s = 0; s < splits; s++)
      for (int half = 0; half < 2; half++)
        sum[t * splits + s][half] =
          s == 0 ? _mm256_load_si256((const __m256i *)(layer->bias + (first + t) * PARE_TILE + half * 8))
                 : _mm256_setzero_si256();
  for (size_t g = 0; g < groups; g += (size_t)splits)
    for (int s = 0; s < splits; s++) {
      if (g + (size_t)s >= groups) break;
      int32_t four;
      __builtin_memcpy(&four, x + (g + (size_t)s) * PARE_GROUP, 4);
      const __m256i v = _mm256_set1_epi32(four);
      for (int t = 0; t < tiles; t++)
        for (int half = 0; half < 2; half++)
          sum[t * splits + s][half] = dot(
            sum[t * splits + s][half], v,
            _mm256_load_si256((const __m256i *)(w + ((size_t)t * groups + g + (size_t)s) * tile_bytes + half * 32)));
    }
  for (int t = 0; t < tiles; t++)
    for (int half = 0; half < 2; half++)
      for (int width = splits / 2; width > 0; width /= 2)
        for (int s = 0; s < width; s++)
          sum[t * splits + s][half] = _mm256_add_epi32(sum[t * splits + s][half], sum[t * splits + s + width][half]);
}

PARE_INLINE PARE_TARGET void block_u8(
  const pare_dense_u8s8 *layer, const uint8_t *x, uint8_t *y, int32_t first, const int tiles, const int splits
) {
  __m256i sum[PARE_CHAINS][2];
  accumulate(layer, x, first, tiles, splits, sum);
  for (int t = 0; t < tiles; t++) {
    const int32_t offset = (first + t) * PARE_TILE;
    _mm_store_si128((__m128i *)(y + offset), requantize(layer, sum[t * splits], offset));
  }
}

PARE_INLINE PARE_TARGET void block_f32(
  const pare_dense_u8s8 *layer, const uint8_t *x, float *y, int32_t first, const int tiles, const int splits
) {
  __m256i sum[PARE_CHAINS][2];
  accumulate(layer, x, first, tiles, splits, sum);
  for (int t = 0; t < tiles; t++)
    for (int half = 0; half < 2; half++) {
      const int32_t offset = (first + t) * PARE_TILE + half * 8;
      _mm256_store_ps(
        y + offset, _mm256_mul_ps(_mm256_cvtepi32_ps(sum[t * splits][half]), _mm256_load_ps(layer->scale + offset)));
    }
}

PARE_TARGET PARE_YMM_NAME(dense_u8s8_u8) {
  const pare_dense_u8s8 *layer = operands;
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block_u8(layer, input, output, tile, 4, 1);
  for (; tile + 2 <= layer->tiles; tile += 2) block_u8(layer, input, output, tile, 2, 2);
  if (tile < layer->tiles) block_u8(layer, input, output, tile, 1, 4);
}

PARE_TARGET PARE_YMM_NAME(dense_u8s8_f32) {
  const pare_dense_u8s8 *layer = operands;
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block_f32(layer, input, output, tile, 4, 1);
  for (; tile + 2 <= layer->tiles; tile += 2) block_f32(layer, input, output, tile, 2, 2);
  if (tile < layer->tiles) block_f32(layer, input, output, tile, 1, 4);
}
