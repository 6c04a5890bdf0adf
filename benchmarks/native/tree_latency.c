// Times the C function that tl2cgen writes for an ensemble, a row at a time: tree_latency ROWS.f32 COUNT FEATURES PASSES
//
// Compiled with tl2cgen's files. Rows are Float32, one behind the other; each row's address depends on the result before.
// p50 is the median over passes of a pass's time a row, p99 of rows timed one by one, the clock's cost in it.
#include "header.h"
#include "widest_read.h"

#include <stdio.h>

static int ascending(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

int main(int count, char **arguments) {
  if (count != 5) return fprintf(stderr, "usage: tree_latency ROWS COUNT FEATURES PASSES\n"), 64;
  const size_t rows = (size_t)atol(arguments[2]), features = (size_t)atol(arguments[3]), passes = (size_t)atol(arguments[4]);
  union Entry *data = malloc(rows * features * sizeof *data);
  // With thresholds as integers, predict overwrites the row that it is given, so it gets a copy.
  union Entry *taken = malloc(features * sizeof *taken);
  double *means = malloc(passes * sizeof *means), *single = malloc(passes * rows * sizeof *single);
  FILE *file = fopen(arguments[1], "rb");
  // A NaN would have to become -1, which stands for missing; rows have none.
  if (!data || !taken || !means || !single || !file || fread(data, sizeof *data, rows * features, file) != rows * features)
    return fprintf(stderr, "tree_latency: %s: no %zu rows of %zu\n", arguments[1], rows, features), 66;
  fclose(file);
  volatile uint32_t zero = 0;
  uint32_t last = 0;
  float y = 0;
  for (size_t pass = 0; pass < passes; pass++) {
    const double start = seconds_now();
    for (size_t row = 0; row < rows; row++) {
      y = 0;
      predict(memcpy(taken, data + features * row + (last & zero), features * sizeof *taken), 0, &y);
      memcpy(&last, &y, 4);
    }
    means[pass] = (seconds_now() - start) / (double)rows;
    for (size_t row = 0; row < rows; row++) {
      const double before = seconds_now();
      y = 0;
      predict(memcpy(taken, data + features * row + (last & zero), features * sizeof *taken), 0, &y);
      memcpy(&last, &y, 4);
      single[pass * rows + row] = seconds_now() - before;
    }
  }
  qsort(means, passes, sizeof *means, ascending);
  qsort(single, passes * rows, sizeof *single, ascending);
  y = 0;
  predict(memcpy(taken, data, features * sizeof *taken), 0, &y);
  printf(
    "{\"p50\": %.1f, \"p99\": %.1f, \"first\": %.9g}\n", 1e9 * means[passes / 2], 1e9 * single[passes * rows * 99 / 100], y);
  return 0;
}
