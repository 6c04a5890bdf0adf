#define _GNU_SOURCE
#include "CRuntimeCounters.h"
#include <stddef.h>

static _Thread_local pare_runtime_counts counts;

void pare_runtime_counters_reset(void) { counts = (pare_runtime_counts){0, 0, 0}; }
pare_runtime_counts pare_runtime_counters_read(void) { return counts; }

#ifdef __GLIBC__
#include <dlfcn.h>
#include <errno.h>

// The test program's own malloc goes before the library's, for everything that is loaded; glibc's stays reachable under
// these names.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  counts.allocations++;
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  counts.allocations++;
  return __libc_calloc(count, size);
}
void *realloc(void *memory, size_t size) {
  counts.allocations++;
  return __libc_realloc(memory, size);
}
void *memalign(size_t alignment, size_t size) {
  counts.allocations++;
  return __libc_memalign(alignment, size);
}
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory || size == 0 ? 0 : ENOMEM;
}

// Likewise for the Swift runtime's counting of references, which is in a shared library.
static void *next(const char *name, void **found) {
  if (!*found) *found = dlsym(RTLD_NEXT, name);
  return *found;
}

void *swift_retain(void *object) {
  static void *found;
  counts.retains++;
  return ((void *(*)(void *))next("swift_retain", &found))(object);
}
void swift_release(void *object) {
  static void *found;
  counts.releases++;
  ((void (*)(void *))next("swift_release", &found))(object);
}

int pare_runtime_counters_available(void) { return 1; }
#else
int pare_runtime_counters_available(void) { return 0; }
#endif
