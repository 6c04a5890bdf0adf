#include "../cpu/variant.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVXVNNI
#define PARE_YMM_NAME(operation) PARE_KERNEL(operation, avxvnni)

#include "../dense_u8s8/dot_avxvnni.h"
#include "ymm.h"
#endif
