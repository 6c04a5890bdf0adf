#include "table.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVXVNNI
#define PARE_VARIANT_TABLE pare_recurrent_s16_avxvnni
#define PARE_VARIANT_S4 pare_gate_products_s4_avxvnni
#define PARE_VARIANT_NAME "avxvnni"
#define PARE_VARIANT_NEEDS (PARE_CPU_AVX2 | PARE_CPU_AVXVNNI)

PARE_INLINE PARE_AVXVNNI __m256i dot(__m256i sum, __m256i x, __m256i w) {
  return _mm256_dpbusd_avx_epi32(sum, x, w);
}

#include "ymm.h"
#endif
