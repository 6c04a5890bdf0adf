#include "../cpu/variant.h"

#ifdef PARE_X86
// AVX2 needs two look-ups and a choice between them, and takes twice as long as dense Float32: it has no variant.
typedef pare_dense_lut4 pare_layer;

PARE_INLINE const uint8_t *pairs(const pare_layer *layer, int32_t tile, int32_t i) {
  return layer->indices + ((size_t)tile * (size_t)((layer->inputs + 1) / 2) + (size_t)(i / 2)) * PARE_TILE;
}

/// The table lies in one register; the permutation looks at the low four bits of an index only.
PARE_INLINE PARE_AVX512 __m512 tile_weights_avx512(const pare_layer *layer, int32_t tile, int32_t i) {
  const __m512i pair = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)pairs(layer, tile, i)));
  const __m512 table = _mm512_loadu_ps(layer->table);
  return _mm512_permutexvar_ps(i % 2 ? _mm512_srli_epi32(pair, 4) : pair, table);
}

#include "../cpu/tile_sums_avx512.h"

PARE_AVX512 PARE_KERNEL(dense_lut4, avx512) { run_avx512(operands, input, output); }
#endif
