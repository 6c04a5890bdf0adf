#include "../cpu/variant.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX2
#define PARE_YMM_NAME(operation) PARE_KERNEL(operation, avx2)

#include "../dense_u8s8/dot_avx2.h"
#include "ymm.h"
#endif
