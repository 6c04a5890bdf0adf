#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "pare_inference_kernels.h"
#include <time.h>

uint64_t pare_clock_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#if defined(__x86_64__)
#include <immintrin.h>

uint64_t pare_clock_fenced(void) {
  _mm_lfence();
  const uint64_t ticks = __builtin_ia32_rdtsc();
  _mm_lfence();
  return ticks;
}

const char *pare_clock_name(void) { return "rdtsc"; }
#else
uint64_t pare_clock_fenced(void) { return pare_clock_nanoseconds(); }

const char *pare_clock_name(void) { return "clock_gettime"; }
#endif

uint64_t pare_opaque_zero(void) {
  uint64_t zero = 0;
  __asm__ volatile("" : "+r"(zero));
  return zero;
}
