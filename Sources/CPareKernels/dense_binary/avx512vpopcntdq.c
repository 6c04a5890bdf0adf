#include "../cpu/variant.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX512VPOPCNTDQ
#define PARE_ZMM_NAME(operation) PARE_KERNEL(operation, avx512vpopcntdq)

PARE_INLINE PARE_TARGET __m512i ones(__m512i x) { return _mm512_popcnt_epi32(x); }

#include "zmm.h"
#endif
