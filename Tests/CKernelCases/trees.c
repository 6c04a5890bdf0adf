#include "cases.h"

// Ensembles of random trees, walked here from node to node with branches.

typedef struct {
  float threshold;
  int feature, nan_is_first, child, leaf;  // child −1 in a leaf
} node;

typedef struct {
  node nodes[600];
  int count, depth;
} tree;

/// Grows a tree of at most `depth` levels below the node at `at`.
static void grow(pare_case_walk *walk, tree *of, int at, int depth, int features, int *leaves) {
  if (depth == 0 || (of->count > 1 && pare_below(walk, 5) == 0)) {
    of->nodes[at] = (node){.child = -1, .leaf = (*leaves)++};
    return;
  }
  const int child = of->count;
  of->count += 2;
  // Thresholds that features meet exactly, and comparisons that never or always hold.
  const float special[] = {INFINITY, -INFINITY, NAN, 0};
  const float threshold =
    pare_below(walk, 12) == 0 ? special[pare_below(walk, 4)] : (float)(pare_below(walk, 33) - 16) / 8;
  of->nodes[at] = (node){threshold, pare_below(walk, features), pare_below(walk, 2), child, 0};
  grow(walk, of, child, depth - 1, features, leaves);
  grow(walk, of, child + 1, depth - 1, features, leaves);
}

static int depth_of(const tree *of, int at) {
  if (of->nodes[at].child < 0) return 0;
  const int first = depth_of(of, of->nodes[at].child), second = depth_of(of, of->nodes[at].child + 1);
  return 1 + (first > second ? first : second);
}

static void ensemble(pare_case_walk *walk, int count, int depth, int features, int targets, int has_nan, int is_average) {
  const int padded = (int)pare_up((size_t)count, PARE_TREE_BLOCK);
  tree *trees = pare_place_block(walk, (size_t)padded * sizeof *trees);
  int leaves = 0, nodes = 0;
  for (int t = 0; t < padded; t++) {
    trees[t].count = 1;
    grow(walk, &trees[t], 0, t < count ? depth : 0, features, &leaves);
    nodes += trees[t].count;
  }
  uint64_t *packed = pare_place_block(walk, (size_t)nodes * 8);
  int32_t *roots = pare_place_block(walk, (size_t)padded * 4), *steps = pare_place_block(walk, (size_t)padded / 8 * 4);
  int32_t *offsets = pare_place_block(walk, (size_t)(nodes + 1) * 4);
  int32_t *entry_targets = pare_place_block(walk, (size_t)nodes * 3 * 4);
  float *entry_weights = pare_place_block(walk, (size_t)nodes * 3 * 4);
  int at = 0, entries = 0;
  for (int t = 0; t < padded; t++) {
    roots[t] = at;
    const int tree_depth = depth_of(&trees[t], 0);
    if (tree_depth > steps[t / PARE_TREE_BLOCK]) steps[t / PARE_TREE_BLOCK] = tree_depth;
    for (int i = 0; i < trees[t].count; i++, at++) {
      const node *one = &trees[t].nodes[i];
      offsets[at] = entries;
      if (one->child >= 0) {
        packed[at] = pare_tree_node(one->threshold, (uint32_t)one->feature, one->nan_is_first, (uint32_t)(one->child - i));
      } else {
        packed[at] = pare_tree_node(INFINITY, 0, 1, 0);
        for (int entry = t < count ? pare_below(walk, 4) : 0; entry > 0; entry--, entries++) {
          entry_targets[entries] = pare_below(walk, targets);
          entry_weights[entries] = pare_draw(walk);
        }
      }
    }
  }
  offsets[nodes] = entries;
  float *x = pare_place_block(walk, (size_t)features * 4), *bias = pare_place_block(walk, (size_t)targets * 4);
  for (int i = 0; i < features; i++) {
    const int special = pare_below(walk, 6);
    x[i] = has_nan && special == 0 ? NAN : special == 1 ? INFINITY : special == 2 ? (float)(pare_below(walk, 33) - 16) / 8 : pare_draw(walk);
  }
  for (int target = 0; target < targets; target++) bias[target] = pare_draw(walk);
  float *expected = pare_place_block(walk, (size_t)targets * 4);
  for (int t = 0; t < count; t++) {
    int i = 0;
    while (trees[t].nodes[i].child >= 0) {
      const node *one = &trees[t].nodes[i];
      const int is_first = isnan(x[one->feature]) ? one->nan_is_first : x[one->feature] <= one->threshold;
      i = one->child + (is_first ? 0 : 1);
    }
    for (int entry = offsets[roots[t] + i]; entry < offsets[roots[t] + i + 1]; entry++)
      expected[entry_targets[entry]] += entry_weights[entry];
  }
  pare_tree_ensemble *forest = pare_place_block(walk, sizeof *forest);
  *forest = (pare_tree_ensemble){
    features, padded, targets, packed, roots, steps, offsets, entry_targets, entry_weights,
    is_average ? (float)count : 1, is_average ? NULL : bias};
  for (int target = 0; target < targets; target++) expected[target] = is_average ? expected[target] / (float)count : expected[target] + bias[target];
  pare_case one = {
    .operands = forest, .input = x, .input_bytes = (size_t)features * 4, .output_bytes = (size_t)targets * 4,
    .expected = expected};
  snprintf(
    one.name, sizeof one.name, "tree_ensemble: %d trees of depth %d, %d features, %d targets%s", count, depth, features,
    targets, has_nan ? ", NaN" : "");
  pare_run_case(walk, &one);
}

void pare_cases_of_trees(pare_case_walk *walk, pare_operation operation) {
  (void)operation;
  for (int count = 1; count <= 33; count += count < 9 ? 1 : 8)
    for (int depth = 0; depth <= 8; depth += 2)
      for (int features = 1; features <= 65; features += 16)
        for (int targets = 1; targets <= 3; targets += 2)
          for (int has_nan = 0; has_nan < 2; has_nan++) ensemble(walk, count, depth, features, targets, has_nan, targets == 3 && has_nan);
}
