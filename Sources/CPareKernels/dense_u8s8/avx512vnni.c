#include "../cpu/tile_walk.h"

#ifdef PARE_X86
#include "requantize_zmm.h"

#define PARE_CHAINS 8

/// Adds the products of `tiles` tiles to `sum`; the groups are dealt out to `splits` partial sums each, so that up to
/// eight chains of VPDPBUSD hide each other's latency.
PARE_INLINE PARE_AVX512VNNI void accumulate(
  const pare_dense_u8s8 *layer, const uint8_t *x, int32_t first, const int tiles, const int splits,
  __m512i sum[PARE_CHAINS]
) {
  const size_t groups = (size_t)layer->groups, tile_bytes = PARE_TILE * PARE_GROUP;
  const int8_t *w = layer->weights + (size_t)first * groups * tile_bytes;
  for (int t = 0; t < tiles; t++)
    for (int s = 0; s < splits; s++)
      sum[t * splits + s] =
        s == 0 ? _mm512_load_si512(layer->bias + (first + t) * PARE_TILE) : _mm512_setzero_si512();
  size_t g = 0;
  for (; g + (size_t)splits <= groups; g += (size_t)splits)
    for (int s = 0; s < splits; s++) {
      int32_t four;
      __builtin_memcpy(&four, x + (g + (size_t)s) * PARE_GROUP, 4);
      const __m512i v = _mm512_set1_epi32(four);
      for (int t = 0; t < tiles; t++)
        sum[t * splits + s] = _mm512_dpbusd_epi32(
          sum[t * splits + s], v, _mm512_load_si512(w + ((size_t)t * groups + g + (size_t)s) * tile_bytes));
    }
  for (; g < groups; g++) {
    int32_t four;
    __builtin_memcpy(&four, x + g * PARE_GROUP, 4);
    const __m512i v = _mm512_set1_epi32(four);
    for (int t = 0; t < tiles; t++)
      sum[t * splits] =
        _mm512_dpbusd_epi32(sum[t * splits], v, _mm512_load_si512(w + ((size_t)t * groups + g) * tile_bytes));
  }
  for (int t = 0; t < tiles; t++)
    for (int width = splits / 2; width > 0; width /= 2)
      for (int s = 0; s < width; s++)
        sum[t * splits + s] = _mm512_add_epi32(sum[t * splits + s], sum[t * splits + s + width]);
}

PARE_INLINE PARE_AVX512VNNI void block_u8(
  const pare_dense_u8s8 *layer, const uint8_t *x, uint8_t *y, int32_t first, const int tiles, const int splits
) {
  __m512i sum[PARE_CHAINS];
  accumulate(layer, x, first, tiles, splits, sum);
  for (int t = 0; t < tiles; t++) {
    const int32_t offset = (first + t) * PARE_TILE;
    _mm_store_si128((__m128i *)(y + offset), requantize(layer, sum[t * splits], offset));
  }
}

PARE_INLINE PARE_AVX512VNNI void block_f32(
  const pare_dense_u8s8 *layer, const uint8_t *x, float *y, int32_t first, const int tiles, const int splits
) {
  __m512i sum[PARE_CHAINS];
  accumulate(layer, x, first, tiles, splits, sum);
  for (int t = 0; t < tiles; t++) {
    const int32_t offset = (first + t) * PARE_TILE;
    _mm512_store_ps(y + offset, _mm512_mul_ps(_mm512_cvtepi32_ps(sum[t * splits]), _mm512_load_ps(layer->scale + offset)));
  }
}

PARE_AVX512VNNI PARE_KERNEL(dense_u8s8_u8, avx512vnni) {
  const pare_dense_u8s8 *layer = operands;
  int32_t tile = 0;
  if (goes_tile_by_tile(layer->groups, layer->tiles)) {
    for (; tile < layer->tiles; tile++) block_u8(layer, input, output, tile, 1, 8);
    return;
  }
  for (; tile + 8 <= layer->tiles; tile += 8) block_u8(layer, input, output, tile, 8, 1);
  for (; tile + 4 <= layer->tiles; tile += 4) block_u8(layer, input, output, tile, 4, 2);
  for (; tile + 2 <= layer->tiles; tile += 2) block_u8(layer, input, output, tile, 2, 4);
  if (tile < layer->tiles) block_u8(layer, input, output, tile, 1, 4);
}

PARE_AVX512VNNI PARE_KERNEL(dense_u8s8_f32, avx512vnni) {
  const pare_dense_u8s8 *layer = operands;
  int32_t tile = 0;
  if (goes_tile_by_tile(layer->groups, layer->tiles)) {
    for (; tile < layer->tiles; tile++) block_f32(layer, input, output, tile, 1, 8);
    return;
  }
  for (; tile + 8 <= layer->tiles; tile += 8) block_f32(layer, input, output, tile, 8, 1);
  for (; tile + 4 <= layer->tiles; tile += 4) block_f32(layer, input, output, tile, 4, 2);
  for (; tile + 2 <= layer->tiles; tile += 2) block_f32(layer, input, output, tile, 2, 4);
  if (tile < layer->tiles) block_f32(layer, input, output, tile, 1, 4);
}

#endif
