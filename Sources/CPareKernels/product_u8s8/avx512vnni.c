#include "../cpu/variant.h"

#ifdef PARE_X86
#include "../dense_u8s8/requantize_zmm.h"

#include "narrow_avx512vnni.h"
#include "eight_avx512vnni.h"

#define PARE_ROWS 8

/// Adds the products of `tiles` tiles with `rows` rows: a weight is loaded once for all of them.
PARE_INLINE PARE_AVX512VNNI void accumulate(
  const pare_product_u8s8 *product, const uint8_t *x, int32_t row, int32_t tile, const int rows, const int tiles,
  __m512i sum[PARE_ROWS][2]
) {
  const pare_dense_u8s8 *layer = &product->layer;
  const size_t groups = (size_t)layer->groups, tile_bytes = PARE_TILE * PARE_GROUP;
  const int8_t *w = layer->weights + (size_t)tile * groups * tile_bytes;
  const uint8_t *from[PARE_ROWS];
  for (int r = 0; r < rows; r++) {
    from[r] = x + product->row_offsets[row + r];
    for (int t = 0; t < tiles; t++) sum[r][t] = _mm512_load_si512(layer->bias + (tile + t) * PARE_TILE);
  }
  for (size_t g = 0; g < groups; g++) {
    const int32_t offset = product->group_offsets[g];
    __m512i v[2];
    for (int t = 0; t < tiles; t++) v[t] = _mm512_load_si512(w + ((size_t)t * groups + g) * tile_bytes);
    for (int r = 0; r < rows; r++) {
      int32_t four;
      __builtin_memcpy(&four, from[r] + offset, 4);
      const __m512i bytes = _mm512_set1_epi32(four);
      for (int t = 0; t < tiles; t++) sum[r][t] = _mm512_dpbusd_epi32(sum[r][t], bytes, v[t]);
    }
  }
}

PARE_INLINE PARE_AVX512VNNI __mmask16 lanes(const pare_product_u8s8 *product, int32_t tile) {
  const int32_t left = product->outputs - tile * PARE_TILE;
  return left >= PARE_TILE ? 0xffff : (__mmask16)((1u << left) - 1);
}

PARE_INLINE PARE_AVX512VNNI void block_u8(
  const pare_product_u8s8 *product, const uint8_t *x, uint8_t *y, int32_t row, int32_t tile, const int rows, const int tiles
) {
  __m512i sum[PARE_ROWS][2];
  accumulate(product, x, row, tile, rows, tiles, sum);
  for (int t = 0; t < tiles; t++)
    for (int r = 0; r < rows; r++)
      _mm_mask_storeu_epi8(
        y + (size_t)(row + r) * product->output_stride + (tile + t) * PARE_TILE, lanes(product, tile + t),
        requantize(&product->layer, sum[r][t], (tile + t) * PARE_TILE));
}

PARE_INLINE PARE_AVX512VNNI void block_f32(
  const pare_product_u8s8 *product, const uint8_t *x, float *y, int32_t row, int32_t tile, const int rows, const int tiles
) {
  __m512i sum[PARE_ROWS][2];
  accumulate(product, x, row, tile, rows, tiles, sum);
  for (int t = 0; t < tiles; t++)
    for (int r = 0; r < rows; r++)
      _mm512_mask_storeu_ps(
        y + (size_t)(row + r) * product->output_stride + (tile + t) * PARE_TILE, lanes(product, tile + t),
        _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r][t]), _mm512_load_ps(product->layer.scale + (tile + t) * PARE_TILE)));
}

#define PARE_PRODUCT(type, rows)                                                                       \
  do {                                                                                                 \
    int32_t tile = 0;                                                                                  \
    for (; tile + 2 <= product->layer.tiles; tile += 2) block_##type(product, input, output, row, tile, rows, 2); \
    if (tile < product->layer.tiles) block_##type(product, input, output, row, tile, rows, 1);         \
  } while (0)

PARE_AVX512VNNI PARE_KERNEL(product_u8s8_u8, avx512vnni) {
  const pare_product_u8s8 *product = operands;
  if (is_narrow(product)) {
    narrow(product, input, output, 0);
    return;
  }
  int32_t row = is_eight(product) ? eight_u8(product, input, output) : 0;
  for (; row + 8 <= product->rows; row += 8) PARE_PRODUCT(u8, 8);
  for (; row + 4 <= product->rows; row += 4) PARE_PRODUCT(u8, 4);
  for (; row < product->rows; row++) PARE_PRODUCT(u8, 1);
}

PARE_AVX512VNNI PARE_KERNEL(product_u8s8_f32, avx512vnni) {
  const pare_product_u8s8 *product = operands;
  if (is_narrow(product)) {
    narrow(product, input, output, 1);
    return;
  }
  int32_t row = 0;
  for (; row + 8 <= product->rows; row += 8) PARE_PRODUCT(f32, 8);
  for (; row + 4 <= product->rows; row += 4) PARE_PRODUCT(f32, 4);
  for (; row < product->rows; row++) PARE_PRODUCT(f32, 1);
}

#endif
