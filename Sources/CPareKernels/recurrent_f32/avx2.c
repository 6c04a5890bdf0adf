#if defined(__x86_64__)
#define PARE_VARIANT avx2
#define PARE_VARIANT_NAME "avx2"
#define PARE_TARGET __attribute__((target("avx2,fma")))
#define PARE_NEEDS PARE_CPU_AVX2
#define PARE_ROW_TILES 4
#include "passes.h"
#endif
