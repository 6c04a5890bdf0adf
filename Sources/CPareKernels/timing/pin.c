#define _GNU_SOURCE
#include "pare_inference_kernels.h"

#ifdef __linux__
#include <sched.h>

int pare_pin_to_core(int core) {
  if (core < 0 || core >= CPU_SETSIZE) return 0;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}
#else
int pare_pin_to_core(int core) {
  (void)core;
  return 0;
}
#endif
