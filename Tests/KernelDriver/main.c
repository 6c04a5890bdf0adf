// Runs the cases of every kernel variant that this processor has: scripts/check-kernels and scripts/test-neon build it.
#include "CKernelCases.h"

#include <stdio.h>

/// Prints what came of a variant's cases, and yields whether they failed.
static int report(const char *operation, const char *variant, pare_case_result result) {
  const int is_good = result.failed == 0 && result.compared > 0;
  printf("%s: %s/%s, %d cases", is_good ? "passed" : "FAILED", operation, variant, result.compared);
  printf(is_good ? "\n" : ", %d wrong; first: %s\n", result.failed, result.first_failure);
  return !is_good;
}

/// Whether this processor lacks what a variant needs; then says so.
static int is_skipped(const char *operation, const char *variant, uint32_t needs) {
  if (!(needs & ~pare_cpu_features())) return 0;
  printf("skipped: %s/%s, which this processor lacks\n", operation, variant);
  return 1;
}

int main(void) {
  int failed = 0;
  size_t count;
  for (int operation = 0; operation < pare_operation_count; operation++) {
    if (!pare_has_cases((pare_operation)operation)) continue;
    const char *name = pare_operation_name((pare_operation)operation);
    const pare_kernel_variant *variants = pare_kernel_variants((pare_operation)operation, &count);
    for (size_t variant = 0; variant < count; variant++)
      if (!is_skipped(name, variants[variant].name, variants[variant].needs))
        failed |= report(name, variants[variant].name, pare_check_variant((pare_operation)operation, variant));
  }
  const pare_recurrent_s16_kernels *const *recurrent = pare_recurrent_s16_variants(&count);
  for (size_t variant = 0; variant < count; variant++)
    if (!is_skipped("recurrent_s16", recurrent[variant]->name, recurrent[variant]->needs))
      failed |= report("recurrent_s16", recurrent[variant]->name, pare_check_recurrent_variant(variant));
  return failed;
}
