#ifndef PARE_INFERENCE_KERNELS_H
#define PARE_INFERENCE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Kernels for one decision. Each operation has a folder, a file per instruction set and a list of its variants; the
// first of the list is the scalar one, whose meaning the others share. Integer results are equal bit for bit
// (docs/integer-arithmetic.md); dense_f32 has a bound.
//
// Buffers in the arena start at a multiple of 64 bytes and are padded to one, so a kernel may write whole tiles of
// PARE_TILE elements and read whole groups of PARE_GROUP. Only `external` inputs (the caller's features) have no padding.

enum { PARE_TILE = 16, PARE_GROUP = 4 };

// Extensions beyond the baseline of the processor, as bits.
enum {
  PARE_CPU_AVX2 = 1,        // with FMA and F16C
  PARE_CPU_AVXVNNI = 2,
  PARE_CPU_AVX512 = 4,      // F, BW, DQ, VL
  PARE_CPU_AVX512VNNI = 8,
  PARE_CPU_AVX512VPOPCNTDQ = 16,
  PARE_CPU_NEON = 32,
  PARE_CPU_NEONDOT = 64,    // UDOT, SDOT
  PARE_CPU_NEONI8MM = 128,  // USDOT
  PARE_CPU_AVX512VBMI = 256,
};

/// The extensions that this processor and its operating system offer.
uint32_t pare_cpu_features(void);

#define PARE_OPERATIONS(X) \
  X(find_nan) X(normalize_f32) X(quantize_f32_u8) X(dense_f32) X(product_f32) X(dense_u8s8_u8) X(dense_u8s8_f32) \
  X(product_u8s8_u8) X(product_u8s8_f32) X(softmax_f32) X(softmax_rows_f32) X(decide) \
  X(dense_u8s4_u8) X(dense_u8s4_f32) X(pack_signs) X(dense_binary_f32) X(dense_binary_bits) X(dense_f16) X(dense_bf16) \
  X(dense_lut4) X(dense_block_f32) X(dense_slots_f32) X(dense_block_u8s8_u8) X(dense_block_u8s8_f32) X(dense_slots16_u8s8_u8) \
  X(dense_slots16_u8s8_f32) X(dense_slots64_u8s8_u8) X(dense_slots64_u8s8_f32) X(tree_ensemble)

typedef enum {
#define PARE_OPERATION(name) pare_operation_##name,
  PARE_OPERATIONS(PARE_OPERATION)
#undef PARE_OPERATION
  pare_operation_count
} pare_operation;

/// Computes `output` from `input`; `operands` points to the operation's own structure below. What a kernel reads and
/// writes besides its first input and output lies where its operands say: constants at an address, values, scratch and
/// state at a byte offset in `arena`.
typedef void (*pare_kernel)(const void *operands, const void *input, void *output, unsigned char *arena);

/// Where a kernel finds an input besides its first.
typedef struct {
  const void *constant;   // null: in the arena
  size_t offset;          // bytes
} pare_place;

/// As an offset: the caller's features instead of the arena. Only a step's first input lies there, so a kernel that is
/// handed `input` has them.
#define PARE_EXTERNAL SIZE_MAX

/// Where a place is, for a kernel that was handed its first input.
static inline const void *pare_at(pare_place place, const void *input, const unsigned char *arena) {
  return place.constant ? place.constant : place.offset == PARE_EXTERNAL ? input : arena + place.offset;
}

typedef struct {
  const char *name;   // the instruction set
  uint32_t needs;     // PARE_CPU_ bits
  pare_kernel run;
} pare_kernel_variant;

/// The variants of an operation, scalar first, the preferred one last.
const pare_kernel_variant *pare_kernel_variants(pare_operation operation, size_t *count);

const char *pare_operation_name(pare_operation operation);

// find_nan: float x[rows][count], external → int32_t[rows]: 1 if one of a row is NaN, else 0.
typedef struct {
  int32_t count, rows;
} pare_find_nan;

// normalize_f32: float x[count], external → float y[count], y = clip((x − offset) · scale, low, high); NaN stays NaN.
// quantize_f32_u8: the same, then uint8_t q[count] = clamp(round(y · reciprocal) + zero_point), half to even; NaN gives
// the zero point.
typedef struct {
  int32_t count;
  const float *offset;   // [count], padded to PARE_TILE
  const float *scale;    // [count], padded to PARE_TILE
  float low, high;
  float reciprocal;
  int32_t zero_point;
} pare_normalize;

// dense_f32: float x[inputs] → float y[outputs], y = W x + bias, then max(y, 0) if relu.
typedef struct {
  int32_t inputs;
  int32_t tiles;           // outputs / PARE_TILE, rounded up
  const float *weights;    // [tiles][inputs][PARE_TILE]
  const float *bias;       // [tiles · PARE_TILE]
  int32_t relu;
} pare_dense_f32;

// product_f32: float x[rows][inputs] → float y[rows][outputs], each row as dense_f32. Writes nothing beyond y.
typedef struct {
  int32_t rows, inputs, outputs;
  const float *weights;    // [outputs / PARE_TILE, rounded up][inputs][PARE_TILE]
  const float *bias;       // [outputs], padded to PARE_TILE
  int32_t relu;
} pare_product_f32;

// dense_u8s8_u8:  uint8_t x[inputs] → uint8_t y[outputs]: accumulate, requantize, clamp to low … 255.
// dense_u8s8_f32: uint8_t x[inputs] → float y[outputs]: accumulate, multiply by scale.
typedef struct {
  int32_t groups;              // inputs / PARE_GROUP, rounded up
  int32_t tiles;               // outputs / PARE_TILE, rounded up
  const int8_t *weights;       // [tiles][groups][PARE_TILE][PARE_GROUP], zeros where padded
  const int32_t *bias;         // [tiles · PARE_TILE]: quantized bias − input zero point · Σ weights, modulo 2^32
  const int32_t *multiplier;   // [tiles · PARE_TILE], _u8 only
  const int32_t *shift;        // [tiles · PARE_TILE], _u8 only, 1 … 63
  const float *scale;          // [tiles · PARE_TILE], _f32 only
  int32_t zero_point;          // of the output, _u8 only
  int32_t low;                 // the lowest output: the zero point after Relu, else 0
  // The same by the upper halves of products, for variants that can: see pare_requantization_pack. Both or neither.
  const int64_t *rounding;     // [tiles][2][PARE_TILE / 2]
  const int32_t *high_shift;   // [tiles · PARE_TILE]
} pare_dense_u8s8;

// product_u8s8_u8, product_u8s8_f32: each row as dense_u8s8_u8 and dense_u8s8_f32. Input i of row r is the byte
// x[row_offsets[r] + group_offsets[i / PARE_GROUP] + i % PARE_GROUP]: the rows of a matrix, or the windows of a
// convolution. Output o of row r is y[r · output_stride + o]; nothing else is written.
typedef struct {
  pare_dense_u8s8 layer;
  int32_t rows, outputs;
  size_t output_stride;            // elements
  const int32_t *row_offsets;      // [rows]
  const int32_t *group_offsets;    // [layer.groups]
} pare_product_u8s8;

// softmax_f32: float x[rows][count] → float y[rows][count], y = exp(x − max) / Σ exp(x − max) of each row, summed in
// order, with the C library's expf. softmax_rows_f32: the same with a polynomial and in any order; exponentials below
// e^-87 may be 0. Writes nothing beyond y.
typedef struct {
  int32_t count, rows;
} pare_softmax_f32;

// decide: float p[rows][classes] → int8_t[rows]: −1, 0 or 1, as pare.Decide.
typedef struct {
  int32_t classes, rows;
  float short_threshold, long_threshold;
} pare_decide;

/// Elements of the packed weights.
static inline size_t pare_dense_f32_packed_count(size_t outputs, size_t inputs) {
  return (outputs + PARE_TILE - 1) / PARE_TILE * PARE_TILE * inputs;
}
static inline size_t pare_dense_u8s8_packed_count(size_t outputs, size_t inputs) {
  return (outputs + PARE_TILE - 1) / PARE_TILE * PARE_TILE * ((inputs + PARE_GROUP - 1) / PARE_GROUP * PARE_GROUP);
}
/// Packs weight(o, i) = weights[o · output_stride + i · input_stride].
void pare_dense_f32_pack(
  const float *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride, float *packed);
/// Packs row-major weights [outputs, inputs].
void pare_dense_u8s8_pack(const int8_t *weights, size_t outputs, size_t inputs, int8_t *packed);

/// Shifts of 32 to 53 bits: then (p + 2^(n − 1)) >> n + z is (p + 2^(n − 1) + z · 2^n) >> 32 >> (n − 32), which never leaves
/// 64 bits, and whose first shift is a half of a register.
static inline int pare_shift_has_high_form(int32_t shift) { return shift >= 32 && shift <= 53; }

/// What pare_dense_u8s8 has of that form.
///
/// Shapes: shift [outputs], each of them with that form; rounding [tiles][2][PARE_TILE / 2]: the even outputs of a tile, then
/// the odd ones; high_shift [tiles · PARE_TILE]. Outputs that pad the last tile become the zero point.
void pare_requantization_pack(
  const int32_t *shift, size_t outputs, int32_t zero_point, int64_t *rounding, int32_t *high_shift);

// MARK: programs

/// One step: a kernel, and where in the arena its first input and output lie.
typedef struct {
  pare_kernel run;
  const void *operands;
  size_t input;    // byte offset in the arena, or PARE_EXTERNAL
  size_t output;   // byte offset in the arena
} pare_step;

/// Runs steps in order.
static inline void pare_program_run(
  const pare_step *steps, size_t count, unsigned char *arena, const void *external
) {
  for (const pare_step *step = steps, *end = steps + count; step != end; step++)
    step->run(
      step->operands, step->input == PARE_EXTERNAL ? external : arena + step->input, arena + step->output, arena);
}

// MARK: clock

/// A reading of the finest clock, after all that came before and before all that comes after: the time stamp counter
/// between fences on x86, nanoseconds elsewhere.
uint64_t pare_clock_fenced(void);
/// Nanoseconds of a monotonic clock.
uint64_t pare_clock_nanoseconds(void);
/// "rdtsc" or "clock_gettime": what pare_clock_fenced reads.
const char *pare_clock_name(void);
/// Keeps the calling thread on a core. 0 where there is no such core, or the system has no such call.
int pare_pin_to_core(int core);
/// Opens a counter of the instructions that this thread retires outside the kernel; negative where the machine has none, or
/// lets nobody read it.
int pare_instructions_open(void);
/// Instructions since the counter was opened; 0 where it cannot be read.
uint64_t pare_instructions_read(int counter);
void pare_instructions_close(int counter);
/// Zero, which no compiler sees through: to make an address wait for a result.
uint64_t pare_opaque_zero(void);

#endif
