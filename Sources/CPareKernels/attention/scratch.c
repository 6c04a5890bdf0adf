#include "pare_training_kernels.h"

size_t pare_attention_scratch(size_t queries, size_t keys, size_t size, size_t value_size) {
  const size_t widest = size > value_size ? size : value_size;
  const size_t longest = queries > keys ? queries : keys;
  // Two matrices of scores, an operand packed either way, and a product before it is copied out.
  const size_t packed = widest * pare_padded(keys) > longest * pare_padded(widest) ? widest * pare_padded(keys)
                                                                                    : longest * pare_padded(widest);
  return 2 * queries * pare_padded(keys) + packed + longest * pare_padded(widest) + 16;
}
