// Private: selective scans on integers of 4 channels with 2 numbers of state each, four lanes to a register.
#include <immintrin.h>

#define PARE_QUANTIZED_SCAN_4X2 quantized_scan_4x2

// In a register numbers lie by lane, channel and state: a lane is 128 bits, and the two products of a number are neighbours.
static inline PARE_TARGET __attribute__((always_inline)) size_t quantized_scan_4x2(
    const pare_quantized_scan *scan, size_t row, size_t lanes, int16_t *h, float *y) {
  // Between that order and [lane, state, channel], in which the state lies in memory.
  const __m512i by_channel = _mm512_set_epi16(
    31, 27, 30, 26, 29, 25, 28, 24, 23, 19, 22, 18, 21, 17, 20, 16, 15, 11, 14, 10, 13, 9, 12, 8, 7, 3, 6, 2, 5, 1, 4, 0);
  const __m512i by_state = _mm512_set_epi16(
    31, 29, 27, 25, 30, 28, 26, 24, 23, 21, 19, 17, 22, 20, 18, 16, 15, 13, 11, 9, 14, 12, 10, 8, 7, 5, 3, 1, 6, 4, 2, 0);
  // The two numbers of a lane's B or C, four times over.
  const __m512i repeated = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
  // Codes of channels 0 and 1 of each lane, then those of 2 and 3; a channel's table has 256 entries.
  const __m128i halves = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  const __m256i first = _mm256_setr_epi32(0, 256, 0, 256, 0, 256, 0, 256), second = _mm256_add_epi32(first, _mm256_set1_epi32(512));
  const __m512i b_zero = _mm512_set1_epi16((int16_t)scan->b_zero_point), c_zero = _mm512_set1_epi16((int16_t)scan->c_zero_point);
  const __m512i x_zero = _mm512_set1_epi32(scan->x_zero_point), half = _mm512_set1_epi32(1 << 14);
  const __m512 scale = _mm512_set1_ps(scan->scale), skip = _mm512_broadcast_f32x4(_mm_loadu_ps(scan->skip));
  size_t lane = 0;
  for (; lane + 4 <= lanes; lane += 4) {
    const size_t at = row + lane;
    const __m128i codes = _mm_loadu_si128((const __m128i *)(const void *)(scan->x + at * 4));
    const __m128i turned = _mm_shuffle_epi8(codes, halves);
    const __m256i low_index = _mm256_add_epi32(_mm256_cvtepu8_epi32(turned), first);
    const __m256i high_index = _mm256_add_epi32(_mm256_cvtepu8_epi32(_mm_srli_si128(turned, 8)), second);
    const __m512i low = _mm512_i32gather_epi64(low_index, scan->table, 8), high = _mm512_i32gather_epi64(high_index, scan->table, 8);
    const __m128i b = _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)(scan->b + at * 2)));
    const __m128i c = _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)(scan->c + at * 2)));
    const __m512i factors = _mm512_slli_epi16(
      _mm512_sub_epi16(_mm512_permutexvar_epi32(repeated, _mm512_castsi128_si512(b)), b_zero), 7);
    const __m512i outputs = _mm512_sub_epi16(_mm512_permutexvar_epi32(repeated, _mm512_castsi128_si512(c)), c_zero);
    const __m512i before = _mm512_permutexvar_epi16(by_channel, _mm512_loadu_si512(h + lane * 8));
    const __m512i a = _mm512_madd_epi16(low, _mm512_unpacklo_epi16(before, factors));
    const __m512i z = _mm512_madd_epi16(high, _mm512_unpackhi_epi16(before, factors));
    const __m512i after = _mm512_packs_epi32(
      _mm512_srai_epi32(_mm512_add_epi32(a, half), 15), _mm512_srai_epi32(_mm512_add_epi32(z, half), 15));
    _mm512_storeu_si512(h + lane * 8, _mm512_permutexvar_epi16(by_state, after));
    const __m512 sum = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_madd_epi16(after, outputs)), scale);
    const __m512 direct = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_cvtepu8_epi32(codes), x_zero)), skip);
    _mm512_storeu_ps(y + at * 4, _mm512_add_ps(sum, direct));
  }
  return lane;
}
