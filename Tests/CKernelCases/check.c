#define _GNU_SOURCE
#include "cases.h"

#include <sys/mman.h>
#include <unistd.h>

static int agrees(const pare_case *one, const unsigned char *found) {
  if (!one->bounds) return memcmp(found, one->expected, one->output_bytes) == 0;
  for (size_t i = 0; i < one->output_bytes / 4; i++) {
    float a, b;
    memcpy(&a, found + i * 4, 4);
    memcpy(&b, (const unsigned char *)one->expected + i * 4, 4);
    if (!(fabs((double)a - (double)b) <= one->bounds[i])) return 0;
  }
  return 1;
}

void pare_run_case(pare_case_walk *walk, const pare_case *one) {
  const size_t room = pare_up(one->output_bytes, 64), page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t length = pare_up(one->input_bytes, page) + page;
  unsigned char *mapping = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned char *output = pare_place_block(walk, room + 128);
  const char *what = NULL;
  if (mapping == MAP_FAILED || mprotect(mapping + length - page, page, PROT_NONE) != 0) {
    what = "no memory for";
  } else {
    unsigned char *input = mapping + length - page - one->input_bytes;
    memcpy(input, one->input, one->input_bytes);
    memset(output, 0xa5, room + 128);
    walk->run(one->operands, input, output + 64, NULL);
    for (size_t i = 0; i < 64; i++)
      if (output[i] != 0xa5 || output[64 + room + i] != 0xa5) what = "written outside of the output by";
    if (!what && !agrees(one, output + 64)) what = "another result of";
  }
  if (mapping != MAP_FAILED) munmap(mapping, length);
  walk->result.compared++;
  if (what && walk->result.failed++ == 0)
    snprintf(walk->result.first_failure, sizeof walk->result.first_failure, "%s %s", what, one->name);
  for (size_t i = 0; i < walk->block_count; i++) free(walk->blocks[i]);
  walk->block_count = 0;
}

void *pare_place_block(pare_case_walk *walk, size_t bytes) {
  if (walk->block_count == walk->block_room) {
    walk->block_room = walk->block_room * 2 + 16;
    walk->blocks = realloc(walk->blocks, walk->block_room * sizeof *walk->blocks);
  }
  void *block = NULL;
  // Of the exact size, so that a sanitizer sees what lies behind it.
  if (!walk->blocks || posix_memalign(&block, 64, bytes ? bytes : 1) != 0) abort();
  memset(block, 0, bytes);
  return walk->blocks[walk->block_count++] = block;
}

typedef void (*pare_cases)(pare_case_walk *walk, pare_operation operation);

/// The cases of an operation; null where there are none, or where they are elsewhere (KernelCases.swift).
static pare_cases cases_of(pare_operation operation) {
  switch (operation) {
  case pare_operation_find_nan:
  case pare_operation_normalize_f32:
  case pare_operation_quantize_f32_u8: return pare_cases_of_inputs;
  case pare_operation_dense_u8s8_u8:
  case pare_operation_dense_u8s8_f32:
  case pare_operation_dense_u8s4_u8:
  case pare_operation_dense_u8s4_f32: return pare_cases_of_integers;
  case pare_operation_dense_block_u8s8_u8:
  case pare_operation_dense_block_u8s8_f32:
  case pare_operation_dense_slots16_u8s8_u8:
  case pare_operation_dense_slots16_u8s8_f32:
  case pare_operation_dense_slots64_u8s8_u8:
  case pare_operation_dense_slots64_u8s8_f32: return pare_cases_of_sparse_integers;
  case pare_operation_pack_signs:
  case pare_operation_dense_binary_f32:
  case pare_operation_dense_binary_bits: return pare_cases_of_signs;
  case pare_operation_dense_f32:
  case pare_operation_dense_f16:
  case pare_operation_dense_bf16:
  case pare_operation_dense_lut4:
  case pare_operation_dense_block_f32:
  case pare_operation_dense_slots_f32: return pare_cases_of_floats;
  case pare_operation_tree_ensemble: return pare_cases_of_trees;
  default: return NULL;
  }
}

int pare_has_cases(pare_operation operation) { return cases_of(operation) != NULL; }

pare_case_result pare_check_variant(pare_operation operation, size_t variant) {
  size_t count;
  const pare_kernel_variant *variants = pare_kernel_variants(operation, &count);
  pare_case_walk walk = {.state = 1000 + (uint64_t)operation, .run = variants[variant].run};
  const pare_cases cases = cases_of(operation);
  if (cases) cases(&walk, operation);
  free(walk.blocks);
  return walk.result;
}
