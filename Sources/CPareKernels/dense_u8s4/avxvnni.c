#include "../cpu/requantize.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVXVNNI
#define PARE_YMM_NAME(operation) PARE_KERNEL(operation, avxvnni)

typedef struct {
  __m256i below, above;
} sums;

/// A weight in the upper half of a byte is 16 times itself, sign included.
PARE_INLINE PARE_AVXVNNI void add(sums *of, const uint8_t *x, const uint8_t *w) {
  const __m256i upper = _mm256_set1_epi8((char)0xf0);
  for (int j = 0; j < PARE_CHUNK / 8; j++) {
    int32_t four[2];
    __builtin_memcpy(four, x + j * 8, 8);
    const __m256i two = _mm256_load_si256((const __m256i *)(w + j * PARE_TILE * 4));
    of->below = _mm256_dpbusd_avx_epi32(
      of->below, _mm256_set1_epi32(four[0]), _mm256_and_si256(_mm256_slli_epi16(two, 4), upper));
    of->above = _mm256_dpbusd_avx_epi32(of->above, _mm256_set1_epi32(four[1]), _mm256_and_si256(two, upper));
  }
}

PARE_INLINE PARE_AVXVNNI __m256i finish(const sums *of) {
  return _mm256_srai_epi32(_mm256_add_epi32(of->below, of->above), 4);
}

#include "ymm.h"
#endif
