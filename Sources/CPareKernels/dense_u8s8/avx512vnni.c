#include "../cpu/variant.h"

#ifdef PARE_X86

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

/// clamp((product + 2^(shift − 1)) >> shift, low, high) in 64-bit lanes.
PARE_INLINE PARE_AVX512VNNI __m512i rescale(__m512i product, __m512i shift, __m512i low, __m512i high) {
  const __m512i one = _mm512_set1_epi64(1);
  const __m512i half = _mm512_sllv_epi64(one, _mm512_sub_epi64(shift, one));
  const __m512i q = _mm512_srav_epi64(_mm512_add_epi64(product, half), shift);
  return _mm512_min_epi64(_mm512_max_epi64(q, low), high);
}

PARE_INLINE PARE_AVX512VNNI void block_u8(
  const pare_dense_u8s8 *layer, const uint8_t *x, uint8_t *y, int32_t first, const int tiles, const int splits
) {
  __m512i sum[PARE_CHAINS];
  accumulate(layer, x, first, tiles, splits, sum);
  const __m512i low = _mm512_set1_epi64(layer->low - layer->zero_point);
  const __m512i high = _mm512_set1_epi64(255 - layer->zero_point);
  for (int t = 0; t < tiles; t++) {
    const int32_t offset = (first + t) * PARE_TILE;
    const __m512i acc = sum[t * splits];
    const __m512i multiplier = _mm512_load_si512(layer->multiplier + offset);
    const __m512i shift = _mm512_load_si512(layer->shift + offset);
    const __m512i even = rescale(
      _mm512_mul_epi32(acc, multiplier), _mm512_and_si512(shift, _mm512_set1_epi64(0xffffffff)), low, high);
    const __m512i odd = rescale(
      _mm512_mul_epi32(_mm512_srli_epi64(acc, 32), _mm512_srli_epi64(multiplier, 32)), _mm512_srli_epi64(shift, 32),
      low, high);
    const __m512i q = _mm512_add_epi32(
      _mm512_mask_mov_epi32(even, 0xaaaa, _mm512_slli_epi64(odd, 32)), _mm512_set1_epi32(layer->zero_point));
    _mm_store_si128((__m128i *)(y + offset), _mm512_cvtepi32_epi8(q));
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
  for (; tile + 8 <= layer->tiles; tile += 8) block_u8(layer, input, output, tile, 8, 1);
  for (; tile + 4 <= layer->tiles; tile += 4) block_u8(layer, input, output, tile, 4, 2);
  for (; tile + 2 <= layer->tiles; tile += 2) block_u8(layer, input, output, tile, 2, 4);
  if (tile < layer->tiles) block_u8(layer, input, output, tile, 1, 4);
}

PARE_AVX512VNNI PARE_KERNEL(dense_u8s8_f32, avx512vnni) {
  const pare_dense_u8s8 *layer = operands;
  int32_t tile = 0;
  for (; tile + 8 <= layer->tiles; tile += 8) block_f32(layer, input, output, tile, 8, 1);
  for (; tile + 4 <= layer->tiles; tile += 4) block_f32(layer, input, output, tile, 4, 2);
  for (; tile + 2 <= layer->tiles; tile += 2) block_f32(layer, input, output, tile, 2, 4);
  if (tile < layer->tiles) block_f32(layer, input, output, tile, 1, 4);
}

#endif
