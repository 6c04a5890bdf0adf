// Times passes over a buffer with the widest loads: read_bandwidth SECONDS BYTES[+OTHERS] [BYTES[+OTHERS] ...]
//
// Each buffer, of whole 512 bytes, is read again and again for its seconds; the median pass counts. Between two passes as
// many other bytes are read, whose time does not count: as much of the caches as they take. Prints an array of
// {"bytes", "seconds", "bytes_per_second", "loads"}.
#include "widest_read.h"

#include <stdio.h>

enum { MOST = 100000 };

static int ascending(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static size_t whole(unsigned long long bytes) { return ((size_t)bytes + 511) & ~(size_t)511; }

int main(int count, char **arguments) {
  static double passes[MOST];
  if (count < 3) return fprintf(stderr, "usage: read_bandwidth SECONDS BYTES[+OTHERS] [BYTES[+OTHERS] ...]\n"), 64;
  const double seconds = atof(arguments[1]);
  printf("[");
  for (int i = 2; i < count; i++) {
    char *end;
    const size_t bytes = whole(strtoull(arguments[i], &end, 10)), others = *end == '+' ? whole(strtoull(end + 1, NULL, 10)) : 0;
    char *block = widest_read_block(bytes + others);
    if (!block || bytes == 0) return fprintf(stderr, "read_bandwidth: no buffer of %s bytes\n", arguments[i]), 70;
    uint64_t seen = widest_read(block, bytes);
    const double first = seconds_now();
    seen |= widest_read(block, bytes);
    // Between two stamps as many passes as take ten microseconds or more, so that the clock's cost does not show.
    const int repeats = others ? 1 : 1 + (int)(1e-5 / (seconds_now() - first + 1e-9));
    int rounds = 0;
    const double stop = seconds_now() + seconds;
    while (rounds < MOST && (rounds < 5 || seconds_now() < stop)) {
      seen |= widest_read(block + bytes, others);
      const double start = seconds_now();
      for (int repeat = 0; repeat < repeats; repeat++) seen |= widest_read(block, bytes);
      passes[rounds++] = (seconds_now() - start) / repeats;
    }
    qsort(passes, (size_t)rounds, sizeof passes[0], ascending);
    const double median = passes[rounds / 2];
    printf(
      "%s{\"bytes\": %zu, \"seconds\": %.10f, \"bytes_per_second\": %.4e, \"loads\": \"%s\"}", i > 2 ? ", " : "", bytes, median,
      (double)bytes / median, widest_load());
    if (seen == 0) fprintf(stderr, "read_bandwidth: nothing was read\n");
    free(block);
  }
  printf("]\n");
  return 0;
}
