// Private: the quantization of neighbouring numbers for panel_passes.h, 64 at a time.
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define PARE_QUANTIZE_RUN quantize_run_avx512
#define PARE_QUANTIZE_INLINE static inline PARE_TARGET __attribute__((always_inline))

// Steps above the zero point, at most `high`; what is far below becomes the least integer, which packing saturates. NaN is 0 where
// `clears`, else anything. Zero times a number that is not finite is NaN, and so is what it is added to.
PARE_QUANTIZE_INLINE __m512i steps_avx512(__m512 x, __m512 reciprocal, __m512 high, const int clears, __m512 *finite) {
  *finite = _mm512_fmadd_ps(x, _mm512_setzero_ps(), *finite);
  const __m512 t = _mm512_mul_ps(x, reciprocal);
  return _mm512_cvtps_epi32(
    clears ? _mm512_maskz_min_ps(_mm512_cmp_ps_mask(t, t, _CMP_ORD_Q), t, high) : _mm512_min_ps(t, high));
}

// Whether all numbers are finite.
PARE_QUANTIZE_INLINE int quantize_finite_avx512(
    const float *from, float reciprocal, int32_t zero_point, uint8_t *to, size_t count, const int clears) {
  // One for each place: a chain of additions would be what takes longest.
  __m512 finite[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  const __m512 factor = _mm512_set1_ps(reciprocal), high = _mm512_set1_ps((float)(255 - zero_point));
  const __m512i zero = _mm512_set1_epi16((int16_t)zero_point);
  // Packing goes by quarters of a register: groups of four bytes are put in order again.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
#define PARE_STEPS(load, k) steps_avx512(load(k), factor, high, clears, &finite[k])
#define PARE_QUANTIZE_64(load)                                                                                                \
  const __m512i lower = _mm512_adds_epi16(_mm512_packs_epi32(PARE_STEPS(load, 0), PARE_STEPS(load, 1)), zero);               \
  const __m512i upper = _mm512_adds_epi16(_mm512_packs_epi32(PARE_STEPS(load, 2), PARE_STEPS(load, 3)), zero);               \
  const __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(lower, upper))
#define PARE_WHOLE(k) _mm512_loadu_ps(from + i + 16 * k)
#define PARE_LAST(k) _mm512_maskz_loadu_ps((__mmask16)(lanes >> (16 * k)), from + i + 16 * k)
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    // A day is more than the first cache holds.
    for (int k = 0; k < 4; k++) _mm_prefetch((const char *)(from + i) + 1024 + 64 * k, _MM_HINT_T0);
    PARE_QUANTIZE_64(PARE_WHOLE);
    _mm512_storeu_si512(to + i, bytes);
  }
  if (i < count) {
    const __mmask64 lanes = ((__mmask64)1 << (count - i)) - 1;
    PARE_QUANTIZE_64(PARE_LAST);
    _mm512_mask_storeu_epi8(to + i, lanes, bytes);
  }
  const __m512 all = _mm512_add_ps(_mm512_add_ps(finite[0], finite[1]), _mm512_add_ps(finite[2], finite[3]));
  return _mm512_cmp_ps_mask(all, all, _CMP_UNORD_Q) == 0;
}

// The greatest magnitude so far, or that of infinity where a number is not finite.
PARE_QUANTIZE_INLINE uint32_t quantize_run_avx512(
    const float *from, float reciprocal, int32_t zero_point, uint8_t *to, size_t count, uint32_t greatest) {
  if (quantize_finite_avx512(from, reciprocal, zero_point, to, count, 0)) return greatest;
  quantize_finite_avx512(from, reciprocal, zero_point, to, count, 1);
  return 0x7f800000u;
}
