// The 256-bit kernels, for a file that defines PARE_TARGET, PARE_YMM_NAME(operation), and a group's sums: `sums`, with
// `add` (32 inputs against one tile's half, weights two to a byte) and `total` (the 32-bit sums times the multipliers).

#define PARE_TILES 2

/// The sums of `tiles` tiles.
PARE_INLINE PARE_TARGET void accumulate(
  const pare_dense_u8s4 *layer, const uint8_t *x, int32_t first, const int tiles, __m256i total[PARE_TILES][2]
) {
  const size_t chunks = (size_t)layer->chunks, group_chunks = (size_t)layer->group_chunks;
  const size_t groups = (chunks + group_chunks - 1) / group_chunks, chunk_bytes = PARE_CHUNK / 2 * PARE_TILE;
  const uint8_t *w = layer->weights + (size_t)first * chunks * chunk_bytes;
  const uint8_t *multiplier = layer->group_multiplier + (size_t)first * groups * PARE_TILE;
  for (int t = 0; t < tiles; t++)
    for (int half = 0; half < 2; half++)
      total[t][half] = _mm256_load_si256((const __m256i *)(layer->bias + (first + t) * PARE_TILE + half * 8));
  for (size_t g = 0; g < groups; g++) {
    const size_t end = (g + 1) * group_chunks < chunks ? (g + 1) * group_chunks : chunks;
    sums of[PARE_TILES][2];
    for (int t = 0; t < tiles; t++)
      for (int half = 0; half < 2; half++) of[t][half] = (sums){_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (size_t c = g * group_chunks; c < end; c++)
      for (int t = 0; t < tiles; t++)
        for (int half = 0; half < 2; half++)
          add(&of[t][half], x + c * PARE_CHUNK, w + ((size_t)t * chunks + c) * chunk_bytes + half * 32);
    for (int t = 0; t < tiles; t++)
      for (int half = 0; half < 2; half++) {
        const __m256i m = _mm256_cvtepu8_epi32(
          _mm_loadl_epi64((const __m128i *)(multiplier + ((size_t)t * groups + g) * PARE_TILE + half * 8)));
        total[t][half] = _mm256_add_epi32(total[t][half], _mm256_mullo_epi32(finish(&of[t][half]), m));
      }
  }
}

PARE_INLINE PARE_TARGET void block_u8(
  const pare_dense_u8s4 *layer, const uint8_t *x, uint8_t *y, int32_t first, const int tiles
) {
  __m256i sum[PARE_TILES][2];
  accumulate(layer, x, first, tiles, sum);
  for (int t = 0; t < tiles; t++) {
    const int32_t offset = (first + t) * PARE_TILE;
    const pare_requantization to = {layer->multiplier + offset, layer->shift + offset, layer->zero_point, layer->low};
    _mm_store_si128((__m128i *)(y + offset), pare_requantize_avx2(sum[t], &to));
  }
}

PARE_INLINE PARE_TARGET void block_f32(
  const pare_dense_u8s4 *layer, const uint8_t *x, float *y, int32_t first, const int tiles
) {
  __m256i sum[PARE_TILES][2];
  accumulate(layer, x, first, tiles, sum);
  for (int t = 0; t < tiles; t++)
    for (int half = 0; half < 2; half++) {
      const int32_t offset = (first + t) * PARE_TILE + half * 8;
      _mm256_store_ps(y + offset, _mm256_mul_ps(_mm256_cvtepi32_ps(sum[t][half]), _mm256_load_ps(layer->scale + offset)));
    }
}

PARE_TARGET PARE_YMM_NAME(dense_u8s4_u8) {
  const pare_dense_u8s4 *layer = operands;
  int32_t tile = 0;
  for (; tile + 2 <= layer->tiles; tile += 2) block_u8(layer, input, output, tile, 2);
  if (tile < layer->tiles) block_u8(layer, input, output, tile, 1);
}

PARE_TARGET PARE_YMM_NAME(dense_u8s4_f32) {
  const pare_dense_u8s4 *layer = operands;
  int32_t tile = 0;
  for (; tile + 2 <= layer->tiles; tile += 2) block_f32(layer, input, output, tile, 2);
  if (tile < layer->tiles) block_f32(layer, input, output, tile, 1);
}
