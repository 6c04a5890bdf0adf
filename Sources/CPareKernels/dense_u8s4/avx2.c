#include "../cpu/requantize.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX2
#define PARE_YMM_NAME(operation) PARE_KERNEL(operation, avx2)

typedef struct {
  __m256i sum, unused;
} sums;

/// Sums of pairs in 16 bits: eight of at most 255 · 8 · 2 stay within 32,640.
PARE_INLINE PARE_AVX2 void add(sums *of, const uint8_t *x, const uint8_t *w) {
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i weight = _mm256_setr_epi8(
    0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1);
  __m256i pairs[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (int j = 0; j < PARE_CHUNK / 8; j++) {
    int32_t four[2];
    __builtin_memcpy(four, x + j * 8, 8);
    const __m256i two = _mm256_load_si256((const __m256i *)(w + j * PARE_TILE * 4));
    const __m256i below = _mm256_shuffle_epi8(weight, _mm256_and_si256(two, nibble));
    const __m256i above = _mm256_shuffle_epi8(weight, _mm256_and_si256(_mm256_srli_epi16(two, 4), nibble));
    pairs[0] = _mm256_add_epi16(pairs[0], _mm256_maddubs_epi16(_mm256_set1_epi32(four[0]), below));
    pairs[1] = _mm256_add_epi16(pairs[1], _mm256_maddubs_epi16(_mm256_set1_epi32(four[1]), above));
  }
  const __m256i sum = _mm256_madd_epi16(_mm256_add_epi16(pairs[0], pairs[1]), _mm256_set1_epi16(1));
  of->sum = _mm256_add_epi32(of->sum, sum);
}

PARE_INLINE PARE_AVX2 __m256i finish(const sums *of) { return of->sum; }

#include "ymm.h"
#endif
