// The sum, per 32-bit lane, of four products of unsigned and signed bytes, added to `sum`.

PARE_INLINE PARE_AVXVNNI __m256i dot(__m256i sum, __m256i x, __m256i w) {
  return _mm256_dpbusd_avx_epi32(sum, x, w);
}
