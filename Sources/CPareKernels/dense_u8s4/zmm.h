// The 512-bit kernels, for a file that defines PARE_TARGET, PARE_ZMM_NAME(operation), and a group's sums, as in ymm.h:
// `add` takes the octet's weights, its inputs twice broadcast.

#define PARE_TILES 4

/// The sums of `tiles` tiles; octets are dealt out to `splits` sums each, so that the chains hide each other's latency.
PARE_INLINE PARE_TARGET void accumulate(
  const pare_dense_u8s4 *layer, const uint8_t *x, int32_t first, const int tiles, const int splits,
  __m512i total[PARE_TILES]
) {
  const size_t chunks = (size_t)layer->chunks, group_chunks = (size_t)layer->group_chunks;
  const size_t groups = (chunks + group_chunks - 1) / group_chunks, octet_bytes = PARE_TILE * 4;
  const size_t octets = PARE_CHUNK / 8;
  const uint8_t *w = layer->weights + (size_t)first * chunks * octets * octet_bytes;
  const uint8_t *multiplier = layer->group_multiplier + (size_t)first * groups * PARE_TILE;
  for (int t = 0; t < tiles; t++) total[t] = _mm512_load_si512(layer->bias + (first + t) * PARE_TILE);
  for (size_t g = 0; g < groups; g++) {
    const size_t end = (g + 1) * group_chunks < chunks ? (g + 1) * group_chunks : chunks;
    sums of[PARE_TILES];
    for (int s = 0; s < tiles * splits; s++) of[s] = (sums){_mm512_setzero_si512(), _mm512_setzero_si512()};
    for (size_t c = g * group_chunks; c < end; c++) {
      for (size_t j = 0; j < octets; j++) {
        int32_t four[2];
        __builtin_memcpy(four, x + c * PARE_CHUNK + j * 8, 8);
        const __m512i below = _mm512_set1_epi32(four[0]), above = _mm512_set1_epi32(four[1]);
        for (int t = 0; t < tiles; t++)
          add(
            &of[t * splits + (int)j % splits], below, above,
            _mm512_load_si512(w + (((size_t)t * chunks + c) * octets + j) * octet_bytes));
      }
      for (int s = 0; s < tiles * splits; s++) end_chunk(&of[s]);
    }
    for (int t = 0; t < tiles; t++) {
      __m512i sum = finish(&of[t * splits]);
      for (int s = 1; s < splits; s++) sum = _mm512_add_epi32(sum, finish(&of[t * splits + s]));
      const __m512i m = _mm512_cvtepu8_epi32(
        _mm_load_si128((const __m128i *)(multiplier + ((size_t)t * groups + g) * PARE_TILE)));
      total[t] = _mm512_add_epi32(total[t], _mm512_mullo_epi32(sum, m));
    }
  }
}

PARE_INLINE PARE_TARGET void block_u8(
  const pare_dense_u8s4 *layer, const uint8_t *x, uint8_t *y, int32_t first, const int tiles, const int splits
) {
  __m512i sum[PARE_TILES];
  accumulate(layer, x, first, tiles, splits, sum);
  for (int t = 0; t < tiles; t++) {
    const int32_t offset = (first + t) * PARE_TILE;
    const pare_requantization to = {layer->multiplier + offset, layer->shift + offset, layer->zero_point, layer->low};
    _mm_store_si128((__m128i *)(y + offset), pare_requantize_avx512(sum[t], &to));
  }
}

PARE_INLINE PARE_TARGET void block_f32(
  const pare_dense_u8s4 *layer, const uint8_t *x, float *y, int32_t first, const int tiles, const int splits
) {
  __m512i sum[PARE_TILES];
  accumulate(layer, x, first, tiles, splits, sum);
  for (int t = 0; t < tiles; t++) {
    const int32_t offset = (first + t) * PARE_TILE;
    _mm512_store_ps(y + offset, _mm512_mul_ps(_mm512_cvtepi32_ps(sum[t]), _mm512_load_ps(layer->scale + offset)));
  }
}

PARE_TARGET PARE_ZMM_NAME(dense_u8s4_u8) {
  const pare_dense_u8s4 *layer = operands;
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block_u8(layer, input, output, tile, 4, 1);
  for (; tile + 2 <= layer->tiles; tile += 2) block_u8(layer, input, output, tile, 2, 2);
  if (tile < layer->tiles) block_u8(layer, input, output, tile, 1, 4);
}

PARE_TARGET PARE_ZMM_NAME(dense_u8s4_f32) {
  const pare_dense_u8s4 *layer = operands;
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block_f32(layer, input, output, tile, 4, 1);
  for (; tile + 2 <= layer->tiles; tile += 2) block_f32(layer, input, output, tile, 2, 2);
  if (tile < layer->tiles) block_f32(layer, input, output, tile, 1, 4);
}
