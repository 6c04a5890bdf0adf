#include "../cpu/variant.h"

#ifdef PARE_X86
// Halves are widened 8 at a time. A variant of 16 was slower by a third on a Zen 4 core, in the first cache and in the
// second (scripts/bench-formats), and is left out.
typedef pare_dense_half pare_layer;

PARE_INLINE const uint16_t *halves(const pare_layer *layer, int32_t tile, int32_t i) {
  return layer->weights + ((size_t)tile * (size_t)layer->inputs + (size_t)i) * PARE_TILE;
}

PARE_INLINE PARE_AVX2F16C __m256 tile_weights_avx2(const pare_layer *layer, int32_t tile, int32_t i, int half) {
  return _mm256_cvtph_ps(_mm_load_si128((const __m128i *)(halves(layer, tile, i) + half * 8)));
}

#include "../cpu/tile_sums_avx2.h"

PARE_AVX2F16C PARE_KERNEL(dense_f16, avx2) { run_avx2(operands, input, output); }
#endif
