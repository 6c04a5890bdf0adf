#ifndef PARE_CASES_H
#define PARE_CASES_H

#include "include/CKernelCases.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// One call of a kernel and what it has to give.
typedef struct {
  char name[120];
  const void *operands;
  const void *input;
  size_t input_bytes;
  size_t output_bytes;
  const void *expected;
  const double *bounds;  // per float of the output; null where bits are equal
} pare_case;

/// Draws numbers, keeps memory until the walk ends, and hands cases to the check.
typedef struct pare_case_walk {
  uint64_t state;
  void **blocks;
  size_t block_count, block_room;
  pare_kernel run;
  pare_case_result result;
} pare_case_walk;

/// Runs a case and frees what was placed for it.
void pare_run_case(pare_case_walk *walk, const pare_case *one);
/// Zeroed memory at a multiple of 64 bytes.
void *pare_place_block(pare_case_walk *walk, size_t bytes);

static inline uint64_t pare_random(pare_case_walk *walk) {
  uint64_t z = walk->state += 0x9e3779b97f4a7c15u;  // SplitMix64
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}
static inline int pare_below(pare_case_walk *walk, int count) { return (int)(pare_random(walk) % (uint64_t)count); }
static inline float pare_uniform(pare_case_walk *walk) { return (float)(pare_random(walk) >> 40) * 0x1p-24f; }
/// In −2 … 2.
static inline float pare_draw(pare_case_walk *walk) { return pare_uniform(walk) * 4 - 2; }

static inline size_t pare_up(size_t count, size_t to) { return (count + to - 1) / to * to; }

void pare_cases_of_inputs(pare_case_walk *walk, pare_operation operation);
void pare_cases_of_integers(pare_case_walk *walk, pare_operation operation);
void pare_cases_of_sparse_integers(pare_case_walk *walk, pare_operation operation);
void pare_cases_of_signs(pare_case_walk *walk, pare_operation operation);
void pare_cases_of_floats(pare_case_walk *walk, pare_operation operation);
void pare_cases_of_trees(pare_case_walk *walk, pare_operation operation);

#endif
