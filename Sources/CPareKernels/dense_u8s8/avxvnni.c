#include "../cpu/variant.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVXVNNI
#define PARE_YMM_NAME(operation) PARE_KERNEL(operation, avxvnni)

PARE_INLINE PARE_AVXVNNI __m256i dot(__m256i sum, __m256i x, __m256i w) {
  return _mm256_dpbusd_avx_epi32(sum, x, w);
}

#include "ymm.h"
#endif
