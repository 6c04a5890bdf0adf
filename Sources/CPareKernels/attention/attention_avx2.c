#if defined(__x86_64__)
#define PARE_VARIANT avx2
#define PARE_VARIANT_NAME "avx2"
#define PARE_TARGET __attribute__((target("avx2,fma")))
// Sums that the registers hold: rows of two groups of 16, and rows of one.
#define PARE_WIDE_ROWS 2
#define PARE_NARROW_ROWS 4
#include "attention_passes.h"
#endif
