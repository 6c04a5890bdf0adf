#include "s4.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX2
#define PARE_S4_KERNEL pare_gate_products_s4_avx2

/// Both tiles' weights as unsigned numbers, 8 more than they are.
typedef struct {
  __m256i even, odd;
} sums;

/// Pairs of products of at most 255 · 15 stay within 16 bits.
PARE_INLINE PARE_AVX2 void add(sums *of, __m256i x, __m256i two) {
  const __m256i nibble = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
  const __m256i above = _mm256_xor_si256(_mm256_and_si256(_mm256_srli_epi16(two, 4), nibble), _mm256_set1_epi8(8));
  of->even = _mm256_add_epi32(
    of->even, _mm256_madd_epi16(_mm256_maddubs_epi16(x, _mm256_and_si256(two, nibble)), ones));
  of->odd = _mm256_add_epi32(of->odd, _mm256_madd_epi16(_mm256_maddubs_epi16(x, above), ones));
}

PARE_INLINE PARE_AVX2 __m256i even(const sums *of) { return of->even; }
PARE_INLINE PARE_AVX2 __m256i odd(const sums *of) { return of->odd; }

#include "s4_ymm.h"
#endif
