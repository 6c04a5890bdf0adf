#ifndef C_KERNEL_CASES_H
#define C_KERNEL_CASES_H

#include "CPareKernels.h"

// Cases around tile boundaries for kernels of single decisions, with what each has to give worked out from the unpacked
// weights: exactly for integers and trees, within a derived bound for sums of floats. Plain C, so that the same cases run
// in Swift's tests, under sanitizers and under an emulator.

typedef struct {
  int compared;
  int failed;
  char first_failure[200];
} pare_case_result;

/// Whether there are cases for an operation.
int pare_has_cases(pare_operation operation);

/// Runs every case of an operation through one variant. The input ends at a page that cannot be read, and canaries lie
/// around the output.
pare_case_result pare_check_variant(pare_operation operation, size_t variant);

/// Runs every case of the recurrent layers on integers through one of pare_recurrent_s16_variants.
pare_case_result pare_check_recurrent_variant(size_t variant);

#endif
