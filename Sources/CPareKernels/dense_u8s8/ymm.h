// The 256-bit kernels, for a file that defines PARE_TARGET, PARE_YMM_NAME(operation) and `dot`: the sum, per 32-bit
// lane, of four products of unsigned and signed bytes, added to `sum`.

#define PARE_CHAINS 4

/// Adds the products of `tiles` tiles to `sum`; the groups are dealt out to `splits` partial sums each.
PARE_INLINE PARE_TARGET void accumulate(
  const pare_dense_u8s8 *layer, const uint8_t *x, int32_t first, const int tiles, const int splits,
  __m256i sum[PARE_CHAINS][2]
) {
  const size_t groups = (size_t)layer->groups, tile_bytes = PARE_TILE * PARE_GROUP;
  const int8_t *w = layer->weights + (size_t)first * groups * tile_bytes;
  for (int t = 0; t < tiles; t++)
    for (int s = 0; s < splits; s++)
      for (int half = 0; half < 2; half++)
        sum[t * splits + s][half] =
          s == 0 ? _mm256_load_si256((const __m256i *)(layer->bias + (first + t) * PARE_TILE + half * 8))
                 : _mm256_setzero_si256();
  for (size_t g = 0; g < groups; g += (size_t)splits)
    for (int s = 0; s < splits; s++) {
      if (g + (size_t)s >= groups) break;
      int32_t four;
      __builtin_memcpy(&four, x + (g + (size_t)s) * PARE_GROUP, 4);
      const __m256i v = _mm256_set1_epi32(four);
      for (int t = 0; t < tiles; t++)
        for (int half = 0; half < 2; half++)
          sum[t * splits + s][half] = dot(
            sum[t * splits + s][half], v,
            _mm256_load_si256((const __m256i *)(w + ((size_t)t * groups + g + (size_t)s) * tile_bytes + half * 32)));
    }
  for (int t = 0; t < tiles; t++)
    for (int half = 0; half < 2; half++)
      for (int width = splits / 2; width > 0; width /= 2)
        for (int s = 0; s < width; s++)
          sum[t * splits + s][half] = _mm256_add_epi32(sum[t * splits + s][half], sum[t * splits + s + width][half]);
}

/// clamp((product + 2^(shift − 1)) >> shift, low, high) in 64-bit lanes. AVX2 has no arithmetic shift of such lanes:
/// flip the sign bit, shift logically, take off what the flipped bit became.
PARE_INLINE PARE_TARGET __m256i rescale(__m256i product, __m256i shift, __m256i low, __m256i high) {
  const __m256i one = _mm256_set1_epi64x(1), sign = _mm256_set1_epi64x(INT64_MIN);
  const __m256i half = _mm256_sllv_epi64(one, _mm256_sub_epi64(shift, one));
  const __m256i flipped = _mm256_xor_si256(_mm256_add_epi64(product, half), sign);
  __m256i q = _mm256_sub_epi64(_mm256_srlv_epi64(flipped, shift), _mm256_srlv_epi64(sign, shift));
  q = _mm256_blendv_epi8(q, low, _mm256_cmpgt_epi64(low, q));
  return _mm256_blendv_epi8(q, high, _mm256_cmpgt_epi64(q, high));
}

PARE_INLINE PARE_TARGET void block_u8(
  const pare_dense_u8s8 *layer, const uint8_t *x, uint8_t *y, int32_t first, const int tiles, const int splits
) {
  __m256i sum[PARE_CHAINS][2];
  accumulate(layer, x, first, tiles, splits, sum);
  const __m256i low = _mm256_set1_epi64x(layer->low - layer->zero_point);
  const __m256i high = _mm256_set1_epi64x(255 - layer->zero_point);
  const __m256i zero_point = _mm256_set1_epi32(layer->zero_point);
  const __m256i lower_half = _mm256_set1_epi64x(0xffffffff);
  for (int t = 0; t < tiles; t++) {
    __m256i q[2];
    for (int half = 0; half < 2; half++) {
      const int32_t offset = (first + t) * PARE_TILE + half * 8;
      const __m256i acc = sum[t * splits][half];
      const __m256i multiplier = _mm256_load_si256((const __m256i *)(layer->multiplier + offset));
      const __m256i shift = _mm256_load_si256((const __m256i *)(layer->shift + offset));
      const __m256i even = rescale(_mm256_mul_epi32(acc, multiplier), _mm256_and_si256(shift, lower_half), low, high);
      const __m256i odd = rescale(
        _mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(multiplier, 32)),
        _mm256_srli_epi64(shift, 32), low, high);
      q[half] = _mm256_add_epi32(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa), zero_point);
    }
    // packus interleaves the 128-bit lanes of its operands; the permutation puts them in order again.
    const __m256i q16 = _mm256_permute4x64_epi64(_mm256_packus_epi32(q[0], q[1]), 0xd8);
    const __m128i q8 = _mm_packus_epi16(_mm256_castsi256_si128(q16), _mm256_extracti128_si256(q16, 1));
    _mm_store_si128((__m128i *)(y + (first + t) * PARE_TILE), q8);
  }
}

PARE_INLINE PARE_TARGET void block_f32(
  const pare_dense_u8s8 *layer, const uint8_t *x, float *y, int32_t first, const int tiles, const int splits
) {
  __m256i sum[PARE_CHAINS][2];
  accumulate(layer, x, first, tiles, splits, sum);
  for (int t = 0; t < tiles; t++)
    for (int half = 0; half < 2; half++) {
      const int32_t offset = (first + t) * PARE_TILE + half * 8;
      _mm256_store_ps(
        y + offset, _mm256_mul_ps(_mm256_cvtepi32_ps(sum[t * splits][half]), _mm256_load_ps(layer->scale + offset)));
    }
}

PARE_TARGET PARE_YMM_NAME(dense_u8s8_u8) {
  const pare_dense_u8s8 *layer = operands;
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block_u8(layer, input, output, tile, 4, 1);
  for (; tile + 2 <= layer->tiles; tile += 2) block_u8(layer, input, output, tile, 2, 2);
  if (tile < layer->tiles) block_u8(layer, input, output, tile, 1, 4);
}

PARE_TARGET PARE_YMM_NAME(dense_u8s8_f32) {
  const pare_dense_u8s8 *layer = operands;
  int32_t tile = 0;
  for (; tile + 4 <= layer->tiles; tile += 4) block_f32(layer, input, output, tile, 4, 1);
  for (; tile + 2 <= layer->tiles; tile += 2) block_f32(layer, input, output, tile, 2, 2);
  if (tile < layer->tiles) block_f32(layer, input, output, tile, 1, 4);
}
