// One pass over a block of memory with the widest loads that the processor has: what any program that reads the block once
// takes at least.
#ifndef WIDEST_READ_H
#define WIDEST_READ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__x86_64__)
#include <immintrin.h>

// Eight sums, so that no load waits for an earlier one's; written out, since compilers may keep an array in memory.
#define EIGHT(step) step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7)

__attribute__((target("avx512f"))) static uint64_t widest_read_avx512(const char *block, size_t bytes) {
#define START(i) __m512i sum##i = _mm512_setzero_si512();
#define ADD(i) sum##i = _mm512_or_si512(sum##i, _mm512_loadu_si512(block + at + 64 * i));
#define GATHER(i) sum0 = _mm512_or_si512(sum0, sum##i);
  EIGHT(START)
  for (size_t at = 0; at + 512 <= bytes; at += 512) { EIGHT(ADD) }
  EIGHT(GATHER)
#undef START
#undef ADD
#undef GATHER
  return (uint64_t)_mm512_reduce_or_epi64(sum0);
}

__attribute__((target("avx2"))) static uint64_t widest_read_avx2(const char *block, size_t bytes) {
#define START(i) __m256i sum##i = _mm256_setzero_si256();
#define ADD(i) sum##i = _mm256_or_si256(sum##i, _mm256_loadu_si256((const void *)(block + at + 32 * i)));
#define GATHER(i) sum0 = _mm256_or_si256(sum0, sum##i);
  EIGHT(START)
  for (size_t at = 0; at + 256 <= bytes; at += 256) { EIGHT(ADD) }
  EIGHT(GATHER)
#undef START
#undef ADD
#undef GATHER
  uint64_t words[4];
  _mm256_storeu_si256((void *)words, sum0);
  return words[0] | words[1] | words[2] | words[3];
}

#undef EIGHT
#endif

static uint64_t widest_read_words(const char *block, size_t bytes) {
  uint64_t sum[8] = {0};
  for (size_t at = 0; at + 64 <= bytes; at += 64)
    for (int i = 0; i < 8; i++) {
      uint64_t word;
      memcpy(&word, block + at + 8 * i, 8);
      sum[i] |= word;
    }
  return sum[0] | sum[1] | sum[2] | sum[3] | sum[4] | sum[5] | sum[6] | sum[7];
}

static inline const char *widest_load(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return "AVX-512";
  if (__builtin_cpu_supports("avx2")) return "AVX2";
#endif
  return "words";
}

// The or of all words but those of a last part of a row of loads; to be used, so that no compiler leaves the pass out.
static inline uint64_t widest_read(const void *block, size_t bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return widest_read_avx512(block, bytes);
  if (__builtin_cpu_supports("avx2")) return widest_read_avx2(block, bytes);
#endif
  return widest_read_words(block, bytes);
}

// Memory to read, on great pages where the system grants them, as a plan's weights are; every page written, so that each is
// a page of its own. NULL where there is none.
static inline void *widest_read_block(size_t bytes) {
  void *block = NULL;
  if (bytes == 0 || posix_memalign(&block, (size_t)2 << 20, bytes) != 0) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  (void)madvise(block, bytes, MADV_HUGEPAGE);
#endif
  for (size_t at = 0; at + 8 <= bytes; at += 8) memcpy((char *)block + at, &at, 8);
  return block;
}

static inline double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
