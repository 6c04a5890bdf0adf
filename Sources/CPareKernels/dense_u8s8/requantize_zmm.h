// From accumulators to bytes, for the 512-bit kernels.

/// clamp((product + 2^(shift − 1)) >> shift, low, high) in 64-bit lanes.
PARE_INLINE PARE_AVX512VNNI __m512i rescale(__m512i product, __m512i shift, __m512i low, __m512i high) {
  const __m512i one = _mm512_set1_epi64(1);
  const __m512i half = _mm512_sllv_epi64(one, _mm512_sub_epi64(shift, one));
  const __m512i q = _mm512_srav_epi64(_mm512_add_epi64(product, half), shift);
  return _mm512_min_epi64(_mm512_max_epi64(q, low), high);
}

/// The bytes of a tile whose first output is `offset`.
PARE_INLINE PARE_AVX512VNNI __m128i requantize(const pare_dense_u8s8 *layer, __m512i acc, int32_t offset) {
  const __m512i low = _mm512_set1_epi64(layer->low - layer->zero_point);
  const __m512i high = _mm512_set1_epi64(255 - layer->zero_point);
  const __m512i multiplier = _mm512_load_si512(layer->multiplier + offset);
  const __m512i shift = _mm512_load_si512(layer->shift + offset);
  const __m512i even = rescale(
    _mm512_mul_epi32(acc, multiplier), _mm512_and_si512(shift, _mm512_set1_epi64(0xffffffff)), low, high);
  const __m512i odd = rescale(
    _mm512_mul_epi32(_mm512_srli_epi64(acc, 32), _mm512_srli_epi64(multiplier, 32)), _mm512_srli_epi64(shift, 32),
    low, high);
  const __m512i q = _mm512_add_epi32(
    _mm512_mask_mov_epi32(even, 0xaaaa, _mm512_slli_epi64(odd, 32)), _mm512_set1_epi32(layer->zero_point));
  return _mm512_cvtepi32_epi8(q);
}
