#if defined(__x86_64__)
#define PARE_VARIANT avx2
#define PARE_VARIANT_NAME "avx2"
#define PARE_TARGET __attribute__((target("avx2,fma")))
#include "panel_passes.h"
#endif
