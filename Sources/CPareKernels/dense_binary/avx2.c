#include "../cpu/variant.h"

#ifdef PARE_X86

/// The bits set in each 32-bit lane, from a table of half bytes (Muła, Kurz and Lemire 2018, arXiv:1611.07612).
PARE_INLINE PARE_AVX2 __m256i ones(__m256i x) {
  const __m256i table = _mm256_setr_epi8(
    0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i bytes = _mm256_add_epi8(
    _mm256_shuffle_epi8(table, _mm256_and_si256(x, nibble)),
    _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble)));
  return _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
}

/// How many bits differ for each output of a tile.
PARE_INLINE PARE_AVX2 void differing(const pare_dense_binary *layer, const uint8_t *bits, int32_t tile, __m256i count[2]) {
  const size_t words = (size_t)layer->words;
  const uint32_t *w = layer->weights + (size_t)tile * words * PARE_TILE;
  count[0] = count[1] = _mm256_setzero_si256();
  for (size_t word = 0; word < words; word++, w += PARE_TILE) {
    int32_t x;
    __builtin_memcpy(&x, bits + word * 4, 4);
    const __m256i v = _mm256_set1_epi32(x);
    for (int half = 0; half < 2; half++)
      count[half] = _mm256_add_epi32(
        count[half], ones(_mm256_xor_si256(v, _mm256_load_si256((const __m256i *)(w + half * 8)))));
  }
}

PARE_AVX2 PARE_KERNEL(dense_binary_f32, avx2) {
  const pare_dense_binary *layer = operands;
  float *y = output;
  const __m256i inputs = _mm256_set1_epi32(layer->inputs);
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    __m256i count[2];
    differing(layer, input, tile, count);
    for (int half = 0; half < 2; half++) {
      const int32_t offset = tile * PARE_TILE + half * 8;
      const __m256 sum = _mm256_cvtepi32_ps(_mm256_sub_epi32(inputs, _mm256_slli_epi32(count[half], 1)));
      const __m256 product = _mm256_mul_ps(sum, _mm256_load_ps(layer->scale + offset));
      _mm256_store_ps(y + offset, _mm256_add_ps(product, _mm256_load_ps(layer->bias + offset)));
    }
  }
}

PARE_AVX2 PARE_KERNEL(dense_binary_bits, avx2) {
  const pare_dense_binary *layer = operands;
  uint8_t *y = output;
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    __m256i count[2];
    differing(layer, input, tile, count);
    for (int half = 0; half < 2; half++) {
      const __m256i limit = _mm256_load_si256((const __m256i *)(layer->limit + tile * PARE_TILE + half * 8));
      y[tile * 2 + half] =
        (uint8_t)~_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(count[half], limit)));
    }
  }
  if (layer->tiles % 2) y[layer->tiles * 2] = y[layer->tiles * 2 + 1] = 0;
}

#endif
