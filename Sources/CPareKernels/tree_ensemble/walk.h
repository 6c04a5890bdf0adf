#ifndef PARE_TREE_WALK_H
#define PARE_TREE_WALK_H

#include "../cpu/variant.h"

/// One step down from a node.
PARE_INLINE const uint64_t *pare_tree_step(const uint64_t *at, const float *x) {
  const uint64_t node = *at;
  const uint32_t bits = (uint32_t)node;
  float threshold;
  __builtin_memcpy(&threshold, &bits, 4);
  return at + (node >> 48) + !(x[node >> 32 & 0x7fff] <= threshold);
}

/// The same for features among which are NaN.
PARE_INLINE const uint64_t *pare_tree_step_nan(const uint64_t *at, const float *x) {
  const uint64_t node = *at;
  const uint32_t bits = (uint32_t)node;
  float threshold;
  __builtin_memcpy(&threshold, &bits, 4);
  const float value = x[node >> 32 & 0x7fff];
  const int is_first = value <= threshold || (value != value && (node >> 47 & 1));
  return at + (node >> 48) + !is_first;
}

PARE_INLINE int pare_tree_any_nan(const pare_tree_ensemble *forest, const float *x) {
  int found = 0;
  for (int32_t i = 0; i < forest->features; i++) found |= x[i] != x[i];
  return found;
}

/// Adds the entries of the leaf at `node` (of all trees' nodes).
PARE_INLINE void pare_tree_add(const pare_tree_ensemble *forest, size_t node, float *y) {
  for (int32_t at = forest->offsets[node]; at < forest->offsets[node + 1]; at++)
    y[forest->entry_targets[at]] += forest->entry_weights[at];
}

PARE_INLINE void pare_tree_finish(const pare_tree_ensemble *forest, float *y) {
  for (int32_t target = 0; target < forest->targets; target++) {
    if (forest->divisor != 1) y[target] /= forest->divisor;
    if (forest->bias) y[target] += forest->bias[target];
  }
}

#endif
