// The 512-bit kernels, for a file that defines PARE_TARGET, PARE_ZMM_NAME(operation) and `ones`, the bits set in each
// 32-bit lane.

/// How many bits differ for each output of `tiles` tiles; words are dealt out to `splits` sums each.
PARE_INLINE PARE_TARGET void differing(
  const pare_dense_binary *layer, const uint8_t *bits, int32_t first, const int tiles, const int splits, __m512i count[8]
) {
  const size_t words = (size_t)layer->words;
  const uint32_t *w = layer->weights + (size_t)first * words * PARE_TILE;
  for (int s = 0; s < tiles * splits; s++) count[s] = _mm512_setzero_si512();
  for (size_t word = 0; word < words; word += (size_t)splits)
    for (int s = 0; s < splits; s++) {
      if (word + (size_t)s >= words) break;
      int32_t x;
      __builtin_memcpy(&x, bits + (word + (size_t)s) * 4, 4);
      const __m512i v = _mm512_set1_epi32(x);
      for (int t = 0; t < tiles; t++)
        count[t * splits + s] = _mm512_add_epi32(
          count[t * splits + s],
          ones(_mm512_xor_si512(v, _mm512_load_si512(w + ((size_t)t * words + word + (size_t)s) * PARE_TILE))));
    }
  for (int t = 0; t < tiles; t++)
    for (int s = 1; s < splits; s++) count[t * splits] = _mm512_add_epi32(count[t * splits], count[t * splits + s]);
}

PARE_INLINE PARE_TARGET void block_f32(
  const pare_dense_binary *layer, const uint8_t *bits, float *y, int32_t first, const int tiles, const int splits
) {
  __m512i count[8];
  differing(layer, bits, first, tiles, splits, count);
  const __m512i inputs = _mm512_set1_epi32(layer->inputs);
  for (int t = 0; t < tiles; t++) {
    const int32_t offset = (first + t) * PARE_TILE;
    const __m512 sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(inputs, _mm512_slli_epi32(count[t * splits], 1)));
    const __m512 product = _mm512_mul_ps(sum, _mm512_load_ps(layer->scale + offset));
    _mm512_store_ps(y + offset, _mm512_add_ps(product, _mm512_load_ps(layer->bias + offset)));
  }
}

PARE_INLINE PARE_TARGET void block_bits(
  const pare_dense_binary *layer, const uint8_t *bits, uint16_t *y, int32_t first, const int tiles, const int splits
) {
  __m512i count[8];
  differing(layer, bits, first, tiles, splits, count);
  for (int t = 0; t < tiles; t++)
    y[first + t] =
      _mm512_cmple_epi32_mask(count[t * splits], _mm512_load_si512(layer->limit + (first + t) * PARE_TILE));
}

PARE_TARGET PARE_ZMM_NAME(dense_binary_f32) {
  const pare_dense_binary *layer = operands;
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block_f32(layer, input, output, tile, 4, 1);
  for (; tile + 2 <= layer->tiles; tile += 2) block_f32(layer, input, output, tile, 2, 2);
  if (tile < layer->tiles) block_f32(layer, input, output, tile, 1, 4);
}

PARE_TARGET PARE_ZMM_NAME(dense_binary_bits) {
  const pare_dense_binary *layer = operands;
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block_bits(layer, input, output, tile, 4, 1);
  for (; tile + 2 <= layer->tiles; tile += 2) block_bits(layer, input, output, tile, 2, 2);
  if (tile < layer->tiles) block_bits(layer, input, output, tile, 1, 4);
  if (layer->tiles % 2) ((uint16_t *)output)[layer->tiles] = 0;
}
