#include "variant.h"

#ifdef PARE_X86
#include <cpuid.h>

static int has_avxvnni(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

uint32_t pare_cpu_features(void) {
  __builtin_cpu_init();
  uint32_t features = 0;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    features |= PARE_CPU_AVX2;
    if (has_avxvnni()) features |= PARE_CPU_AVXVNNI;
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    features |= PARE_CPU_AVX512;
    if (__builtin_cpu_supports("avx512vnni")) features |= PARE_CPU_AVX512VNNI;
  }
  return features;
}
#else
uint32_t pare_cpu_features(void) { return 0; }
#endif
