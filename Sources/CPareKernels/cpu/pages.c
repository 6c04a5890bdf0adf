#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "pare_pages.h"

#if defined(__linux__)
#include <sys/mman.h>

void pare_ask_for_great_pages(void *start, size_t byte_count) {
  // A refusal is no failure: the memory is there all the same.
  (void)madvise(start, byte_count, MADV_HUGEPAGE);
}
#else
void pare_ask_for_great_pages(void *start, size_t byte_count) {
  (void)start;
  (void)byte_count;
}
#endif
