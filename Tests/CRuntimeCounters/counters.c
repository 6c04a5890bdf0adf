#include "CRuntimeCounters.h"
#include <stddef.h>

static _Thread_local pare_runtime_counts counts;

void pare_runtime_counters_reset(void) { counts = (pare_runtime_counts){0, 0, 0}; }
pare_runtime_counts pare_runtime_counters_read(void) { return counts; }

#ifdef __GLIBC__
#include <errno.h>
#include <pthread.h>

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

// The Swift runtime calls these through variables, for tools such as this one.
extern void *(*_swift_retain)(void *);
extern void (*_swift_release)(void *);
static void *(*original_retain)(void *);
static void (*original_release)(void *);

static void *counting_retain(void *object) {
  counts.retains++;
  return original_retain(object);
}
static void counting_release(void *object) {
  counts.releases++;
  original_release(object);
}

__attribute__((constructor)) static void install(void) {
  original_retain = _swift_retain;
  original_release = _swift_release;
  _swift_retain = counting_retain;
  _swift_release = counting_release;
}

int pare_runtime_counters_available(void) { return 1; }
#else
int pare_runtime_counters_available(void) { return 0; }
#endif
