// For a file that defines PARE_TARGET: a tile's accumulators, in two halves, as arguments of gates.

PARE_INLINE PARE_TARGET __m256i requantized(const pare_gate_products *layer, __m256i acc, int32_t offset) {
  const __m256i t = _mm256_srav_epi32(acc, _mm256_load_si256((const __m256i *)(layer->shift + offset)));
  const __m256i product = _mm256_mullo_epi32(t, _mm256_load_si256((const __m256i *)(layer->multiplier + offset)));
  const __m256i rounding = _mm256_set1_epi32((1 << layer->bits) >> 1);
  return _mm256_sra_epi32(_mm256_add_epi32(product, rounding), _mm_cvtsi32_si128(layer->bits));
}

PARE_INLINE PARE_TARGET void store_requantized(
  const pare_gate_products *layer, const __m256i acc[2], int32_t tile, int16_t *y
) {
  const int32_t offset = tile * PARE_TILE;
  // packs interleaves the 128-bit lanes of its operands; the permutation puts them in order again.
  const __m256i q = _mm256_permute4x64_epi64(
    _mm256_packs_epi32(requantized(layer, acc[0], offset), requantized(layer, acc[1], offset + 8)), 0xd8);
  _mm256_storeu_si256((__m256i *)(y + offset), q);
}
