#if defined(__x86_64__)
#define PARE_VARIANT avx512
#define PARE_VARIANT_NAME "avx512"
#define PARE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))
#include "scan_passes.h"
#include "quantized_scan_avx512.h"
#include "quantized_scan_passes.h"
#endif
