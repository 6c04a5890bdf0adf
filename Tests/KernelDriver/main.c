// Runs the cases of every kernel variant that this processor has: scripts/check-kernels and scripts/test-neon build it.
#include "CKernelCases.h"

#include <stdio.h>

int main(void) {
  const uint32_t features = pare_cpu_features();
  int failed = 0;
  for (int operation = 0; operation < pare_operation_count; operation++) {
    if (!pare_has_cases((pare_operation)operation)) continue;
    size_t count;
    const pare_kernel_variant *variants = pare_kernel_variants((pare_operation)operation, &count);
    for (size_t variant = 0; variant < count; variant++) {
      const char *name = pare_operation_name((pare_operation)operation);
      if (variants[variant].needs & ~features) {
        printf("skipped: %s/%s, which this processor lacks\n", name, variants[variant].name);
        continue;
      }
      const pare_case_result result = pare_check_variant((pare_operation)operation, variant);
      const int is_good = result.failed == 0 && result.compared > 0;
      printf("%s: %s/%s, %d cases", is_good ? "passed" : "FAILED", name, variants[variant].name, result.compared);
      printf(is_good ? "\n" : ", %d wrong; first: %s\n", result.failed, result.first_failure);
      failed |= !is_good;
    }
  }
  return failed;
}
