// Times passes over a buffer with the widest loads: read_bandwidth SECONDS BYTES [BYTES ...]
//
// Each buffer is read again and again for its seconds; the median pass counts. Prints an array of
// {"bytes", "seconds", "bytes_per_second", "loads"}.
#include "widest_read.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 100000 };

static int ascending(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

int main(int count, char **arguments) {
  static double passes[MOST];
  if (count < 3) return fprintf(stderr, "usage: read_bandwidth SECONDS BYTES [BYTES ...]\n"), 64;
  const double seconds = atof(arguments[1]);
  printf("[");
  for (int i = 2; i < count; i++) {
    const size_t bytes = (size_t)strtoull(arguments[i], NULL, 10) & ~(size_t)511;
    void *block = widest_read_block(bytes);
    if (!block) return fprintf(stderr, "read_bandwidth: no buffer of %s bytes\n", arguments[i]), 70;
    uint64_t seen = widest_read(block, bytes);
    int rounds = 0;
    const double end = seconds_now() + seconds;
    while (rounds < MOST && (rounds < 5 || seconds_now() < end)) {
      const double start = seconds_now();
      seen |= widest_read(block, bytes);
      passes[rounds++] = seconds_now() - start;
    }
    qsort(passes, (size_t)rounds, sizeof passes[0], ascending);
    const double median = passes[rounds / 2];
    printf(
      "%s{\"bytes\": %zu, \"seconds\": %.9f, \"bytes_per_second\": %.4e, \"loads\": \"%s\"}", i > 2 ? ", " : "", bytes, median,
      (double)bytes / median, widest_load());
    if (seen == 0) fprintf(stderr, "read_bandwidth: nothing was read\n");
    free(block);
  }
  printf("]\n");
  return 0;
}
