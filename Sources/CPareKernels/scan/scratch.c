#include "pare_training_kernels.h"

size_t pare_scan_gradient_scratch(const pare_scan *scan) {
  return (2 * scan->steps + 2) * scan->states * scan->channels + 2 * scan->channels;
}
