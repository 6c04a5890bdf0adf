#include "walk.h"

PARE_KERNEL(tree_ensemble, scalar) {
  const pare_tree_ensemble *forest = operands;
  const float *x = input;
  float *y = output;
  for (int32_t target = 0; target < forest->targets; target++) y[target] = 0;
  const int has_nan = pare_tree_any_nan(forest, x);
  for (int32_t first = 0; first < forest->trees; first += PARE_TREE_BLOCK) {
    // Walks of several trees, whose loads hide each other's latency.
    const uint64_t *at[PARE_TREE_BLOCK];
    for (int k = 0; k < PARE_TREE_BLOCK; k++) at[k] = forest->nodes + forest->roots[first + k];
    const int32_t steps = forest->steps[first / PARE_TREE_BLOCK];
    if (has_nan) {
      for (int32_t step = 0; step < steps; step++)
        for (int k = 0; k < PARE_TREE_BLOCK; k++) at[k] = pare_tree_step_nan(at[k], x);
    } else {
      for (int32_t step = 0; step < steps; step++)
        for (int k = 0; k < PARE_TREE_BLOCK; k++) at[k] = pare_tree_step(at[k], x);
    }
    for (int k = 0; k < PARE_TREE_BLOCK; k++) pare_tree_add(forest, (size_t)(at[k] - forest->nodes), y);
  }
  pare_tree_finish(forest, y);
}
