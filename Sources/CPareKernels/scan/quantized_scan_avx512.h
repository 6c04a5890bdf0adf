// Private: selective scans on integers of 2, 4 or 8 channels with 2 numbers of state each, 16 codes to a register.
#include <immintrin.h>

#define PARE_QUANTIZED_SCAN_PAIRS quantized_scan_pairs

// Between [lane, channel, state], in which a register has the numbers, and [lane, state, channel], in which the state lies in memory, there
// and back; for the 2, 4 and 8 channels.
#define PARE_BY_CHANNEL(n, i) ((i) / (2 * n) * (2 * n) + (i) % 2 * n + (i) % (2 * n) / 2)
#define PARE_BY_STATE(n, i) ((i) / (2 * n) * (2 * n) + (i) % n * 2 + (i) % (2 * n) / n)
#define PARE_ORDER_8(map, n, i) \
  map(n, i), map(n, i + 1), map(n, i + 2), map(n, i + 3), map(n, i + 4), map(n, i + 5), map(n, i + 6), map(n, i + 7)
#define PARE_ORDER(map, n) \
  { PARE_ORDER_8(map, n, 0), PARE_ORDER_8(map, n, 8), PARE_ORDER_8(map, n, 16), PARE_ORDER_8(map, n, 24) }
static const int16_t quantized_by_channel[3][32] = {
  PARE_ORDER(PARE_BY_CHANNEL, 2), PARE_ORDER(PARE_BY_CHANNEL, 4), PARE_ORDER(PARE_BY_CHANNEL, 8)};
static const int16_t quantized_by_state[3][32] = {
  PARE_ORDER(PARE_BY_STATE, 2), PARE_ORDER(PARE_BY_STATE, 4), PARE_ORDER(PARE_BY_STATE, 8)};

// Two codes of each four go to the lower, two to the upper halves of 128 bits, since products of neighbours are taken by halves; a channel's
// table has 256 entries.
static inline PARE_TARGET __attribute__((always_inline)) size_t quantized_scan_pairs(
    const pare_quantized_scan *scan, size_t row, size_t lanes, int16_t *h, float *y, const int channels) {
  const int kind = channels == 2 ? 0 : channels == 4 ? 1 : 2, together = 16 / channels;
  const __m512i by_channel = _mm512_loadu_si512(quantized_by_channel[kind]), by_state = _mm512_loadu_si512(quantized_by_state[kind]);
  const __m128i halves = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  const int32_t last = 256 * (channels - 1);
  const __m256i first = _mm256_and_si256(_mm256_setr_epi32(0, 256, 1024, 1280, 2048, 2304, 3072, 3328), _mm256_set1_epi32(last));
  const __m256i second = _mm256_and_si256(_mm256_setr_epi32(512, 768, 1536, 1792, 2560, 2816, 3584, 3840), _mm256_set1_epi32(last));
  // The two numbers of a lane's B or C, for each of its channels.
  const __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i repeated = _mm512_srli_epi32(places, channels == 2 ? 1 : channels == 4 ? 2 : 3);
  const __m512i b_zero = _mm512_set1_epi16((int16_t)scan->b_zero_point), c_zero = _mm512_set1_epi16((int16_t)scan->c_zero_point);
  const __m512i x_zero = _mm512_set1_epi32(scan->x_zero_point), half = _mm512_set1_epi32(1 << 14);
  const __m512 scale = _mm512_set1_ps(scan->scale);
  const __m512 skip = _mm512_permutexvar_ps(
    _mm512_and_si512(places, _mm512_set1_epi32(channels - 1)), _mm512_maskz_loadu_ps((__mmask16)((1u << channels) - 1), scan->skip));
  const __mmask16 pairs = (__mmask16)((1u << 2 * together) - 1);
  size_t lane = 0;
  for (; lane + (size_t)together <= lanes; lane += (size_t)together) {
    const size_t at = row + lane;
    const __m128i codes = _mm_loadu_si128((const __m128i *)(const void *)(scan->x + at * (size_t)channels));
    const __m128i turned = _mm_shuffle_epi8(codes, halves);
    const __m256i low_index = _mm256_add_epi32(_mm256_cvtepu8_epi32(turned), first);
    const __m256i high_index = _mm256_add_epi32(_mm256_cvtepu8_epi32(_mm_srli_si128(turned, 8)), second);
    const __m512i low = _mm512_i32gather_epi64(low_index, scan->table, 8), high = _mm512_i32gather_epi64(high_index, scan->table, 8);
    const __m256i b = _mm256_cvtepu8_epi16(_mm_maskz_loadu_epi8(pairs, scan->b + at * 2));
    const __m256i c = _mm256_cvtepu8_epi16(_mm_maskz_loadu_epi8(pairs, scan->c + at * 2));
    const __m512i factors = _mm512_slli_epi16(
      _mm512_sub_epi16(_mm512_permutexvar_epi32(repeated, _mm512_castsi256_si512(b)), b_zero), 7);
    const __m512i outputs = _mm512_sub_epi16(_mm512_permutexvar_epi32(repeated, _mm512_castsi256_si512(c)), c_zero);
    int16_t *own = h + lane * 2 * (size_t)channels;
    const __m512i before = _mm512_permutexvar_epi16(by_channel, _mm512_loadu_si512(own));
    const __m512i a = _mm512_madd_epi16(low, _mm512_unpacklo_epi16(before, factors));
    const __m512i z = _mm512_madd_epi16(high, _mm512_unpackhi_epi16(before, factors));
    const __m512i after = _mm512_packs_epi32(
      _mm512_srai_epi32(_mm512_add_epi32(a, half), 15), _mm512_srai_epi32(_mm512_add_epi32(z, half), 15));
    _mm512_storeu_si512(own, _mm512_permutexvar_epi16(by_state, after));
    const __m512 sum = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_madd_epi16(after, outputs)), scale);
    const __m512 direct = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_cvtepu8_epi32(codes), x_zero)), skip);
    _mm512_storeu_ps(y + at * (size_t)channels, _mm512_add_ps(sum, direct));
  }
  return lane;
}
