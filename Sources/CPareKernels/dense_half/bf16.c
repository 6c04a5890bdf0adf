#include "../cpu/variant.h"

#ifdef PARE_X86
typedef pare_dense_half pare_layer;

PARE_INLINE const uint16_t *halves(const pare_layer *layer, int32_t tile, int32_t i) {
  return layer->weights + ((size_t)tile * (size_t)layer->inputs + (size_t)i) * PARE_TILE;
}

PARE_INLINE PARE_AVX2F16C __m256 tile_weights_avx2(const pare_layer *layer, int32_t tile, int32_t i, int half) {
  const __m128i bits = _mm_load_si128((const __m128i *)(halves(layer, tile, i) + half * 8));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

#include "../cpu/tile_sums_avx2.h"

PARE_AVX2F16C PARE_KERNEL(dense_bf16, avx2) { run_avx2(operands, input, output); }
#endif
