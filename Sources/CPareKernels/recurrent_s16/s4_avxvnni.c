#include "s4.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVXVNNI
#define PARE_S4_KERNEL pare_gate_products_s4_avxvnni

/// The even tile's weights, and both tiles' as one signed byte: 16 times the odd tile's more.
typedef struct {
  __m256i even, both;
} sums;

PARE_INLINE PARE_AVXVNNI void add(sums *of, __m256i x, __m256i two) {
  of->even = _mm256_dpbusd_avx_epi32(of->even, x, _mm256_and_si256(two, _mm256_set1_epi8(15)));
  of->both = _mm256_dpbusd_avx_epi32(of->both, x, two);
}

PARE_INLINE PARE_AVXVNNI __m256i even(const sums *of) { return of->even; }
PARE_INLINE PARE_AVXVNNI __m256i odd(const sums *of) {
  return _mm256_srai_epi32(_mm256_sub_epi32(of->both, of->even), 4);
}

#include "s4_ymm.h"
#endif
