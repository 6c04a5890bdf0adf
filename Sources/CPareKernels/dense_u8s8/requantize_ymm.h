// From accumulators to bytes, for the 256-bit kernels of a file that defines PARE_TARGET.

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

/// The bytes of a tile whose first output is `offset`.
PARE_INLINE PARE_TARGET __m128i requantize(const pare_dense_u8s8 *layer, const __m256i sum[2], int32_t offset) {
  const __m256i low = _mm256_set1_epi64x(layer->low - layer->zero_point);
  const __m256i high = _mm256_set1_epi64x(255 - layer->zero_point);
  const __m256i zero_point = _mm256_set1_epi32(layer->zero_point);
  const __m256i lower_half = _mm256_set1_epi64x(0xffffffff);
  __m256i q[2];
  for (int half = 0; half < 2; half++) {
    const __m256i acc = sum[half];
    const __m256i multiplier = _mm256_load_si256((const __m256i *)(layer->multiplier + offset + half * 8));
    const __m256i shift = _mm256_load_si256((const __m256i *)(layer->shift + offset + half * 8));
    const __m256i even = rescale(_mm256_mul_epi32(acc, multiplier), _mm256_and_si256(shift, lower_half), low, high);
    const __m256i odd = rescale(
      _mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(multiplier, 32)), _mm256_srli_epi64(shift, 32),
      low, high);
    q[half] = _mm256_add_epi32(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa), zero_point);
  }
  // packus interleaves the 128-bit lanes of its operands; the permutation puts them in order again.
  const __m256i q16 = _mm256_permute4x64_epi64(_mm256_packus_epi32(q[0], q[1]), 0xd8);
  return _mm_packus_epi16(_mm256_castsi256_si128(q16), _mm256_extracti128_si256(q16, 1));
}
