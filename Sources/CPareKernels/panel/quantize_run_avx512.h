// Private: the quantization of neighbouring numbers for panel_passes.h, 64 at a time.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define PARE_QUANTIZE_RUN quantize_run_avx512

// Steps above the zero point, at most `high`; what is far below becomes the least integer, which packing saturates. NaN is 0.
static inline PARE_TARGET __attribute__((always_inline)) __m512i steps_avx512(
    __m512 x, __m512 reciprocal, __m512 high, __m512i *largest) {
  *largest = _mm512_max_epu32(*largest, _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7fffffff)));
  const __m512 t = _mm512_mul_ps(x, reciprocal);
  return _mm512_cvtps_epi32(_mm512_maskz_min_ps(_mm512_cmp_ps_mask(t, t, _CMP_ORD_Q), t, high));
}

static inline PARE_TARGET __attribute__((always_inline)) uint32_t quantize_run_avx512(
    const float *from, float reciprocal, int32_t zero_point, uint8_t *to, size_t count, uint32_t greatest) {
  __m512i largest = _mm512_set1_epi32((int32_t)greatest);
  const __m512 factor = _mm512_set1_ps(reciprocal), high = _mm512_set1_ps((float)(255 - zero_point));
  const __m512i zero = _mm512_set1_epi16((int16_t)zero_point);
  // Packing goes by quarters of a register: groups of four bytes are put in order again.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
#define PARE_QUANTIZE_64(load)                                                                                \
  const __m512i s0 = steps_avx512(load(0), factor, high, &largest), s1 = steps_avx512(load(1), factor, high, &largest);          \
  const __m512i s2 = steps_avx512(load(2), factor, high, &largest), s3 = steps_avx512(load(3), factor, high, &largest);          \
  const __m512i lower = _mm512_adds_epi16(_mm512_packs_epi32(s0, s1), zero);                                 \
  const __m512i upper = _mm512_adds_epi16(_mm512_packs_epi32(s2, s3), zero);                                 \
  const __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(lower, upper))
#define PARE_WHOLE(k) _mm512_loadu_ps(from + i + 16 * k)
#define PARE_LAST(k) _mm512_maskz_loadu_ps((__mmask16)(lanes >> (16 * k)), from + i + 16 * k)
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    PARE_QUANTIZE_64(PARE_WHOLE);
    _mm512_storeu_si512(to + i, bytes);
  }
  if (i < count) {
    const __mmask64 lanes = ((__mmask64)1 << (count - i)) - 1;
    PARE_QUANTIZE_64(PARE_LAST);
    _mm512_mask_storeu_epi8(to + i, lanes, bytes);
  }
  return _mm512_reduce_max_epu32(largest);
}
