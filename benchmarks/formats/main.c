// Times products of one row with weights in every format, and walks of trees, on one core: scripts/bench-formats.
//
// Each figure is the least of several runs of a chain of calls, each of which waits for the one before. Formats take turns
// within a run, so that what disturbs one disturbs all.
#include "formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;
uint64_t draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}
float number(void) { return (float)(draw() >> 40) * 0x1p-23f - 1; }

static void **blocks;
static size_t block_count;

void release(void) {
  for (size_t i = 0; i < block_count; i++) free(blocks[i]);
  block_count = 0;
}

void *place(size_t bytes) {
  enum { great = 1 << 20 };
  void *block = NULL;
  const size_t page = bytes >= great ? PARE_GREAT_PAGE : 64, room = (bytes + 64 + page - 1) / page * page;
  if (posix_memalign(&block, page, room) != 0) abort();
  if (bytes >= great) pare_ask_for_great_pages(block, room);
  memset(block, 0, room);
  if (block_count % 1024 == 0) blocks = realloc(blocks, (block_count + 1024) * sizeof *blocks);
  if (!blocks) abort();
  return blocks[block_count++] = block;
}

const char *processor_name(void) {
  static char name[128] = "unknown";
  char line[256];
  FILE *file = fopen("/proc/cpuinfo", "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "model name : %127[^\n]", name) == 1) break;
  if (file) fclose(file);
  return name;
}

/// The extensions of instruction sets, by the names that InstructionSet.swift has.
static const struct {
  const char *name;
  uint32_t extensions;
} sets[] = {
  {"scalar", 0}, {"avx2", PARE_CPU_AVX2}, {"avxvnni", PARE_CPU_AVX2 | PARE_CPU_AVXVNNI},
  {"avx512", PARE_CPU_AVX2 | PARE_CPU_AVX512},
  {"avx512vnni", PARE_CPU_AVX2 | PARE_CPU_AVX512 | PARE_CPU_AVX512VNNI},
  {"avx512vpopcntdq",
   PARE_CPU_AVX2 | PARE_CPU_AVX512 | PARE_CPU_AVX512VNNI | PARE_CPU_AVX512VBMI | PARE_CPU_AVX512VPOPCNTDQ}};

static uint32_t extensions_of(const char *set) {
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
    if (strcmp(sets[i].name, set) == 0 && !(sets[i].extensions & ~pare_cpu_features())) return sets[i].extensions;
  fprintf(stderr, "error: %s: expected an instruction set that this processor has, found none\n", set);
  exit(64);
}

/// Memory of its own for each contestant, so that none finds another's in the caches.
static void *copy(const void *from, size_t bytes) { return memcpy(place(bytes), from, bytes); }

static uint32_t extensions;

int has_kernel(pare_operation operation) {
  size_t count;
  const pare_kernel_variant *variants = pare_kernel_variants(operation, &count);
  for (size_t i = 1; i < count; i++)
    if (!(variants[i].needs & ~extensions)) return 1;
  return 0;
}

static pare_kernel best(pare_operation operation) {
  size_t count;
  const pare_kernel_variant *variants = pare_kernel_variants(operation, &count);
  pare_kernel run = variants[0].run;
  for (size_t i = 0; i < count; i++)
    if (!(variants[i].needs & ~extensions)) run = variants[i].run;
  return run;
}

contestant all[ROOM];
int count;

contestant *enter(const char *name, pare_operation operation, const void *operands, const void *input, void *output) {
  if (count == ROOM) abort();
  contestant *one = &all[count++];
  snprintf(one->name, sizeof one->name, "%s", name);
  one->run = best(operation);
  one->operands = operands;
  one->input = input;
  one->output = output;
  one->row_bytes = 0;
  one->least_rounds = 1;
  one->least = INFINITY;
  return one;
}

void take_turns(double seconds) {
  const uint64_t zero = pare_opaque_zero(), end = pare_clock_nanoseconds() + (uint64_t)(seconds * 1e9);
  do {
    for (int i = 0; i < count; i++) {
      contestant *one = &all[i];
      int rounds = 1 + (int)(2e4 / (isinf(one->least) ? 1e4 : one->least));
      if (rounds < one->least_rounds) rounds = one->least_rounds;
      if (one->row_bytes) rounds = ROWS;
      uint64_t wait = 0;
      const uint64_t start = pare_clock_nanoseconds();
      for (int round = 0; round < rounds; round++) {
        one->run(one->operands, (const char *)one->input + one->row_bytes * (size_t)(round % ROWS) + (wait & zero), one->output, NULL);
        uint32_t last;
        memcpy(&last, one->output, 4);
        wait = last;
      }
      const double took = (double)(pare_clock_nanoseconds() - start) / rounds;
      if (took < one->least) one->least = took;
    }
  } while (pare_clock_nanoseconds() < end);
}

/// Runs all in turn and prints each against the first.
static void race(const char *title, double seconds) {
  take_turns(seconds);
  printf("%s\n", title);
  for (int i = 0; i < count; i++)
    printf("  %-28s %9.1f ns  %5.2f of the first\n", all[i].name, all[i].least, all[i].least / all[0].least);
  count = 0;
}

size_t up(size_t n, size_t to) { return (n + to - 1) / to; }

static void products(size_t inputs, size_t outputs, double seconds) {
  const size_t tiles = up(outputs, PARE_TILE), padded = tiles * PARE_TILE;
  float *weights = place(inputs * outputs * 4), *bias = place(padded * 4), *x = place(inputs * 4 + 64), *y = place(padded * 4);
  uint8_t *bytes = place(inputs + 256);
  for (size_t i = 0; i < inputs; i++) {
    x[i] = number();
    bytes[i] = (uint8_t)draw();
  }
  for (size_t i = 0; i < inputs * outputs; i++) weights[i] = number();

  float *packed = place(pare_dense_f32_packed_count(outputs, inputs) * 4);
  pare_dense_f32_pack(weights, outputs, inputs, inputs, 1, packed);
  pare_dense_f32 f32 = {(int32_t)inputs, (int32_t)tiles, packed, bias, 0};
  enter("float32", pare_operation_dense_f32, &f32, x, y);

  uint16_t *halves = place(inputs * outputs * 2), *packed_halves = place(padded * inputs * 2);
  for (size_t i = 0; i < inputs * outputs; i++) halves[i] = (uint16_t)((draw() & 0x83ff) | 0x3000);
  pare_dense_half_pack(halves, outputs, inputs, inputs, 1, packed_halves);
  pare_dense_half half = {(int32_t)inputs, (int32_t)tiles, packed_halves, bias, 0};
  pare_dense_half brain = half;
  brain.weights = copy(packed_halves, padded * inputs * 2);
  enter("float16", pare_operation_dense_f16, &half, x, y);
  enter("bfloat16", pare_operation_dense_bf16, &brain, x, y);

  uint8_t *indices = place(inputs * outputs), *packed_indices = place(pare_dense_lut4_packed_count(outputs, inputs));
  float *table = place(64);
  for (size_t i = 0; i < inputs * outputs; i++) indices[i] = draw() & 15;
  for (int i = 0; i < 16; i++) table[i] = number();
  pare_dense_lut4_pack(indices, outputs, inputs, inputs, 1, packed_indices);
  pare_dense_lut4 lut = {(int32_t)inputs, (int32_t)tiles, packed_indices, table, bias, 0};
  enter("codebook of 16", pare_operation_dense_lut4, &lut, x, y);

  int8_t *w8 = place(inputs * outputs), *packed8 = place(pare_dense_u8s8_packed_count(outputs, inputs));
  int32_t *integer_bias = place(padded * 4);
  float *scale = place(padded * 4);
  for (size_t i = 0; i < inputs * outputs; i++) w8[i] = (int8_t)draw();
  pare_dense_u8s8_pack(w8, outputs, inputs, packed8);
  pare_dense_u8s8 int8 = {(int32_t)up(inputs, 4), (int32_t)tiles, packed8, integer_bias, NULL, NULL, scale, 0, 0};
  enter("int8", pare_operation_dense_u8s8_f32, &int8, bytes, y);

  int8_t *w4 = place(inputs * outputs);
  uint8_t *packed4 = place(pare_dense_u8s4_packed_count(outputs, inputs)), *multipliers = place(padded * up(inputs, 32));
  for (size_t i = 0; i < inputs * outputs; i++) w4[i] = (int8_t)((draw() & 15) - 8);
  pare_dense_u8s4_pack(w4, outputs, inputs, packed4);
  pare_dense_u8s4 int4[3];
  for (int g = 0; g < 3; g++) {
    int4[g] = (pare_dense_u8s4){
      (int32_t)up(inputs, 32), (int32_t)tiles, 1 << g,
      copy(packed4, pare_dense_u8s4_packed_count(outputs, inputs)), copy(multipliers, padded * up(inputs, 32)), integer_bias, NULL, NULL, scale, 0, 0};
    enter(
      (const char *[]){"int4, groups of 32", "int4, groups of 64", "int4, groups of 128"}[g], pare_operation_dense_u8s4_f32,
      &int4[g], bytes, y);
  }

  uint8_t *signs = place(inputs * outputs);
  uint32_t *packed_signs = place(pare_sign_words(inputs) * padded * 4);
  int32_t *limit = place(padded * 4);
  for (size_t i = 0; i < inputs * outputs; i++) signs[i] = draw() & 1;
  pare_dense_binary_pack(signs, outputs, inputs, packed_signs);
  pare_dense_binary binary = {(int32_t)inputs, (int32_t)pare_sign_words(inputs), (int32_t)tiles, packed_signs, scale, bias, limit};
  enter("signs to signs", pare_operation_dense_binary_bits, &binary, bytes, y);
  pare_dense_binary to_floats = binary;
  to_floats.weights = copy(packed_signs, pare_sign_words(inputs) * padded * 4);
  enter("signs to float32", pare_operation_dense_binary_f32, &to_floats, bytes, y);

  char title[64];
  snprintf(title, sizeof title, "%zu to %zu", inputs, outputs);
  race(title, seconds);
}

/// Complete trees.
static void trees(int trees, int depth, int features, double seconds) {
  const int padded = (trees + 7) / 8 * 8, size = (2 << depth) - 1;
  uint64_t *nodes = place((size_t)padded * (size_t)size * 8);
  int32_t *roots = place((size_t)padded * 4), *steps = place((size_t)padded / 8 * 4);
  int32_t *offsets = place(((size_t)padded * (size_t)size + 1) * 4);
  int32_t *targets = place((size_t)padded * (size_t)size * 4);
  float *weights = place((size_t)padded * (size_t)size * 4), *x = place((size_t)features * 4 * ROWS), *y = place(64);
  int at = 0, entries = 0;
  for (int t = 0; t < padded; t++) {
    roots[t] = at;
    steps[t / 8] = depth;
    for (int i = 0; i < size; i++, at++) {
      offsets[at] = entries;
      if (i < (1 << depth) - 1) {
        nodes[at] = pare_tree_node(number(), (uint32_t)(draw() % (uint64_t)features), 0, (uint32_t)(i + 1));
      } else {
        nodes[at] = pare_tree_node(INFINITY, 0, 1, 0);
        weights[entries++] = number();
      }
    }
  }
  offsets[at] = entries;
  for (int i = 0; i < features * ROWS; i++) x[i] = number();
  static pare_tree_ensemble forest;
  forest = (pare_tree_ensemble){features, padded, 1, nodes, roots, steps, offsets, targets, weights, 1, NULL};
  size_t variants;
  const pare_kernel_variant *table = pare_kernel_variants(pare_operation_tree_ensemble, &variants);
  for (size_t v = 0; v < variants; v++) {
    if (table[v].needs & ~extensions) continue;
    enter(table[v].name, pare_operation_tree_ensemble, &forest, x, y);
    all[count - 1].run = table[v].run;
    all[count - 1].row_bytes = (size_t)features * 4;
  }
  char title[64];
  snprintf(title, sizeof title, "%d trees of depth %d, %d features", trees, depth, features);
  race(title, seconds);
}

// MARK: gates

enum { GATE_LAYERS = 4 };

/// The products with X of a stack of recurrent layers, one row, and the bytes that they read.
typedef struct {
  const pare_recurrent_s16_kernels *kernels;
  pare_gate_products layers[GATE_LAYERS];
  int count;
  const unsigned char *bytes;
  size_t byte_count;
} gate_stack;

static void run_gates(const void *operands, const void *input, void *output, unsigned char *arena) {
  (void)arena;
  const gate_stack *stack = operands;
  for (int i = 0; i < stack->count; i++) pare_gate_arguments(stack->kernels, &stack->layers[i], input, 0, 1, output, 0);
}

#ifdef __x86_64__
/// Loads of 64 bytes, and nothing else that takes time.
__attribute__((target("avx512f"))) static void run_loads(
  const void *operands, const void *input, void *output, unsigned char *arena
) {
  typedef long long line __attribute__((vector_size(64)));
  (void)input;
  (void)arena;
  const gate_stack *stack = operands;
  const line *from = (const line *)stack->bytes;
  line sum[8] = {};
  for (size_t i = 0; i + 8 <= stack->byte_count / 64; i += 8)
    for (int k = 0; k < 8; k++) sum[k] ^= from[i + (size_t)k];
  for (int k = 1; k < 8; k++) sum[0] ^= sum[k];
  memcpy(output, &sum[0], 64);
}
#endif

/// Weights of eight bits where `block` is 0. Their values cost no time, nor do those of multipliers and shifts.
static gate_stack *stack_of(const int *features, const int *hidden, int layers, int block) {
  enum { page = PARE_GREAT_PAGE };
  gate_stack *stack = place(sizeof *stack);
  size_t variants;
  const pare_recurrent_s16_kernels *const *all_kernels = pare_recurrent_s16_variants(&variants);
  for (size_t i = 0; i < variants; i++)
    if (!(all_kernels[i]->needs & ~extensions)) stack->kernels = all_kernels[i];
  size_t starts[GATE_LAYERS + 1] = {0}, weights[GATE_LAYERS];
  for (int i = 0; i < layers; i++) {
    const size_t n = (size_t)features[i], m = 4 * (size_t)hidden[i];
    weights[i] = block ? pare_gate_s4_count(m, n) : pare_dense_u8s8_packed_count(m, n);
    const size_t blocks = block ? (n + (size_t)block - 1) / (size_t)block : 0;
    starts[i + 1] = starts[i] + (weights[i] + pare_gate_multiplier_count(m, blocks) + 63) / 64 * 64;
  }
  void *memory = NULL;
  const size_t bytes = (starts[layers] + page - 1) / page * page;
  if (posix_memalign(&memory, page, bytes) != 0) abort();
  pare_ask_for_great_pages(memory, bytes);
  for (size_t i = 0; i < bytes; i++) ((uint8_t *)memory)[i] = (uint8_t)draw();
  for (int i = 0; i < layers; i++) {
    const size_t padded = pare_gate_pairs(4 * (size_t)hidden[i]) * 2 * PARE_TILE;
    const uint8_t *own = (const uint8_t *)memory + starts[i];
    int32_t *bias = place(padded * 4), *multiplier = place(padded * 4), *shift = place(padded * 4);
    for (size_t o = 0; o < padded; o++) {
      multiplier[o] = 1 << 13;
      shift[o] = 16;
    }
    stack->layers[i] = (pare_gate_products){
      (features[i] + 3) / 4, (4 * hidden[i] + 15) / 16, 13, block / PARE_GROUP, own, block ? own + weights[i] : NULL, bias,
      multiplier, shift};
  }
  stack->count = layers;
  stack->bytes = memory;
  stack->byte_count = starts[layers];
  return stack;
}

static void gates(const char *title, const int *features, const int *hidden, int layers, double seconds) {
  static const int blocks[] = {0, 32, 128};
  static const char *const names[] = {"int8", "int4, blocks of 32", "int4, blocks of 128"};
  uint8_t *x = place(4096);
  for (int i = 0; i < 4096; i++) x[i] = (uint8_t)draw();
  count = 0;
  for (int i = 0; i < 3; i++) {
    const gate_stack *stack = stack_of(features, hidden, layers, blocks[i]);
    enter(names[i], pare_operation_find_nan, stack, x, place(1 << 14));
    all[count - 1].run = run_gates;
#ifdef __x86_64__
    if (extensions & PARE_CPU_AVX512) {
      enter("  its loads alone", pare_operation_find_nan, stack, x, place(1 << 14));
      all[count - 1].run = run_loads;
    }
#endif
  }
  for (int i = 0; i < count; i++) all[i].least_rounds = 16;
  race(title, seconds);
}

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "costs") == 0) {
    extensions = extensions_of(argv[2]);
    print_costs(argv[2]);
    return 0;
  }
  const double seconds = argc > 1 ? atof(argv[1]) : 0.5;
  extensions = pare_cpu_features();
  // A second argument leaves out all that AVX2 has not; a third, which is "zeros", all but products with zeros.
  if (argc > 2 && strcmp(argv[2], "avx2") == 0) extensions &= PARE_CPU_AVX2;
  const int zeros_alone = argc > 3 && strcmp(argv[3], "zeros") == 0;
  static const size_t shapes[][2] = {{20, 128}, {128, 64}, {128, 128}, {512, 512}, {1000, 1000}, {2048, 2048}, {4096, 4096}};
  for (size_t i = 0; !zeros_alone && i < sizeof shapes / sizeof shapes[0]; i++)
    products(shapes[i][0], shapes[i][1], seconds);
  static const size_t sparse_shapes[][2] = {{128, 64}, {512, 512}, {1024, 1024}, {2048, 2048}};
  for (size_t i = 0; i < sizeof sparse_shapes / sizeof sparse_shapes[0]; i++)
    sparse_products(sparse_shapes[i][0], sparse_shapes[i][1], 8 * seconds);
  if (zeros_alone) return 0;
  gates("gates of LSTM_A by their inputs", (int[]){100, 100}, (int[]){100, 100}, 2, seconds);
  gates("gates of LSTM_B by their inputs", (int[]){250, 200, 200}, (int[]){200, 200, 200}, 3, seconds);
  gates(
    "gates of LSTM_C by their inputs", (int[]){500, 1000, 1000, 1000}, (int[]){1000, 1000, 1000, 1000}, 4, seconds);
  for (int depth = 6; depth <= 8; depth++) trees(250, depth, 60, seconds);
  return 0;
}
