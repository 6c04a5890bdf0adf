#ifndef CRUNTIMECOUNTERS_H
#define CRUNTIMECOUNTERS_H

#include <stdint.h>

/// What the calling thread did since it last asked: allocations through malloc and its kin, and references counted up
/// or down by the Swift runtime.
typedef struct {
  uint64_t allocations;
  uint64_t retains;
  uint64_t releases;
} pare_runtime_counts;

/// Whether this system lets them be counted.
int pare_runtime_counters_available(void);

/// Sets the counts of the calling thread to 0.
void pare_runtime_counters_reset(void);
pare_runtime_counts pare_runtime_counters_read(void);

#endif
