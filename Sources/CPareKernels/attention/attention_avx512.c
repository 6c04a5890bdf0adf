#if defined(__x86_64__)
#define PARE_VARIANT avx512
#define PARE_VARIANT_NAME "avx512"
#define PARE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))
// Sums that the registers hold: rows of two groups of 16, and rows of one.
#define PARE_WIDE_ROWS 8
#define PARE_NARROW_ROWS 8
#include "attention_passes.h"
#endif
