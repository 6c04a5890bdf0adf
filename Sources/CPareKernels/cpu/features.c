#include "variant.h"

#ifdef PARE_X86
#include <cpuid.h>

static int has_avxvnni(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

static int has_f16c(void) {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c >> 29 & 1);
}

uint32_t pare_cpu_features(void) {
  __builtin_cpu_init();
  uint32_t features = 0;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c()) {
    features |= PARE_CPU_AVX2;
    if (has_avxvnni()) features |= PARE_CPU_AVXVNNI;
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    features |= PARE_CPU_AVX512;
    if (__builtin_cpu_supports("avx512vnni")) features |= PARE_CPU_AVX512VNNI;
    if (__builtin_cpu_supports("avx512vbmi")) features |= PARE_CPU_AVX512VBMI;
    if (__builtin_cpu_supports("avx512vpopcntdq")) features |= PARE_CPU_AVX512VPOPCNTDQ;
  }
  return features;
}
#elif defined(PARE_ARM) && defined(__linux__)
#include <sys/auxv.h>

// Bits of the kernel's words of capabilities, as its documentation numbers them (elf_hwcaps.rst).
#define PARE_HWCAP_ASIMDDP (1ul << 20)
#define PARE_HWCAP2_I8MM (1ul << 13)

uint32_t pare_cpu_features(void) {
  uint32_t features = PARE_CPU_NEON;
  if (getauxval(AT_HWCAP) & PARE_HWCAP_ASIMDDP) {
    features |= PARE_CPU_NEONDOT;
    if (getauxval(AT_HWCAP2) & PARE_HWCAP2_I8MM) features |= PARE_CPU_NEONI8MM;
  }
  return features;
}
#elif defined(PARE_ARM) && defined(__APPLE__)
// Every Apple silicon has the dot product.
uint32_t pare_cpu_features(void) { return PARE_CPU_NEON | PARE_CPU_NEONDOT; }
#else
uint32_t pare_cpu_features(void) { return 0; }
#endif
