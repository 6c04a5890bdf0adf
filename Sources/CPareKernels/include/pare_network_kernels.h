// Steps of an execution plan around the passes of pare_training_kernels.h, whose variants are chosen when the plan is
// built: `function` is one of theirs. None allocates; scratch lies in the arena, at an offset that the operands say.
#ifndef PARE_NETWORK_KERNELS_H
#define PARE_NETWORK_KERNELS_H

#include "pare_inference_kernels.h"
#include "pare_training_kernels.h"

#define PARE_STEP(name) \
  void pare_step_##name(const void *operands, const void *input, void *output, unsigned char *arena)

// y = f(x) for count elements; y may be x.
typedef struct {
  pare_unary_f32 function;
  size_t count;
} pare_unary_step;
PARE_STEP(unary);

// y = f(x; alpha, beta): elu, swish, hard_sigmoid, clip.
typedef struct {
  pare_parametric_f32 function;
  float alpha, beta;
  size_t count;
} pare_parametric_step;
PARE_STEP(parametric);

// y = leaky_relu(x; slope).
typedef struct {
  void (*function)(const float *x, float slope, float *y, size_t count);
  float slope;
  size_t count;
} pare_leaky_relu_step;
PARE_STEP(leaky_relu);

// How an operand is walked for a result of outer[0] x outer[1] x outer[2] matrices of rows x columns: elements between
// neighbours along each axis, 0 where it is repeated; along columns 0 or 1.
typedef struct {
  size_t outer0, outer1, outer2, row, column;
} pare_walk;

// y = f(a, b), broadcast.
typedef struct {
  pare_binary_f32 function;
  pare_place a, b;
  pare_walk a_walk, b_walk;
  size_t outer0, outer1, outer2, rows, columns;
} pare_binary_step;
PARE_STEP(binary);

// y = condition ? a : b, broadcast.
typedef struct {
  void (*function)(pare_operand_u8 condition, pare_operand_f32 a, pare_operand_f32 b, float *y, size_t rows, size_t columns);
  pare_place condition, a, b;
  pare_walk condition_walk, a_walk, b_walk;
  size_t outer0, outer1, outer2, rows, columns;
} pare_choose_step;
PARE_STEP(choose);

// y = a compared with b, as 0 or 1, broadcast. Nothing compares with NaN.
typedef enum {
  pare_relation_greater, pare_relation_greater_or_equal, pare_relation_less, pare_relation_less_or_equal,
} pare_relation;
typedef struct {
  pare_relation relation;
  pare_place a, b;
  pare_walk a_walk, b_walk;
  size_t outer0, outer1, outer2, rows, columns;
} pare_compare_step;
PARE_STEP(compare);

// Log-softmax of each row.
typedef struct {
  void (*function)(const float *x, float *y, size_t rows, size_t columns);
  size_t rows, columns;
} pare_rows_step;
PARE_STEP(rows);

// Layer or root-mean-square normalization of each row.
typedef struct {
  const pare_row_normalization_kernels *kernels;
  const float *scale, *bias;  // bias may be null
  float epsilon;
  int32_t centers;
  size_t rows, columns;
} pare_row_normalization_step;
PARE_STEP(row_normalization);

// y = (x - center) * factor + shift by channel, of x [channels, inner].
typedef struct {
  const pare_channel_kernels *kernels;
  const float *center, *factor, *shift;
  size_t channels, inner;
} pare_channels_step;
PARE_STEP(channels);

// y[outer, inner] = scale * sum of x[outer, folded, inner] over folded.
typedef struct {
  const pare_reduction_kernels *kernels;
  float scale;
  size_t outer, folded, inner;
} pare_reduction_step;
PARE_STEP(reduction);

// The largest element under a window, in each plane; NaN where there is one, minus infinity over padding alone.
typedef struct {
  pare_window window;
  size_t planes;
} pare_maximum_pool_step;
PARE_STEP(maximum_pool);

// The mean of what lies under a window, in each plane: each sum in the order of its taps, times the reciprocal of the
// elements that it counts.
typedef struct {
  pare_window window;
  const float *shares;  // by position
  size_t planes;
} pare_average_pool_step;
PARE_STEP(average_pool);

// A convolution of one sample. Each group's channels are packed with their padding; every term of a sum then lies at a
// fixed distance from its position.
typedef struct {
  const pare_convolution_kernels *kernels;
  size_t groups, channels, filters;       // channels and filters of a group
  size_t input_count, output_count;       // elements of a plane
  size_t phases, phase_stride;            // parts of a packed plane, and elements of one
  const pare_run *const *wide_runs;       // by phase
  const size_t *wide_run_counts;
  size_t step;                            // between elements of a wide run
  const pare_run *narrow_runs;
  size_t narrow_run_count;
  size_t terms;
  const size_t *offsets;                  // by term
  const float *weights;                   // by group, packed
  size_t group_weights;                   // elements of a group's
  const float *bias;                      // by group, padded to PARE_CONVOLUTION_ROWS
  size_t padded_filters, vectors, narrow_stride;
  size_t wide_scratch, narrow_scratch;    // byte offsets; padding in the wide one is written on every run
  size_t wide_count;                      // elements of it
  int32_t relu;
  int32_t in_place;                       // whether x is packed as it is: no padding, one phase
  int32_t yields_in_place;                // whether results lie as they should be
} pare_convolution_step;
PARE_STEP(convolution);

// A convolution of one sample on integers: docs/integer-arithmetic.md. The channels of a group are packed side by side
// for each place of the padded input, so that a window is the groups of bytes of a row of product_u8s8.
typedef struct {
  pare_kernel run;                        // product_u8s8_u8 or product_u8s8_f32
  const pare_product_u8s8 *products;      // by group
  size_t groups, channels, padded_channels;
  size_t input_count, output_count;       // elements of a plane
  const pare_run *runs;                   // elements of a plane to places
  size_t run_count;
  size_t packed_scratch, row_scratch;     // byte offsets
  size_t packed_count;                    // bytes to be made zero points; 0 where there is no padding
  int32_t zero_point;
  int32_t yields_bytes;
} pare_quantized_convolution_step;
PARE_STEP(quantized_convolution);

// `count` products of matrices of two values: see pare_attention_kernels.
typedef struct {
  const pare_attention_kernels *kernels;
  pare_place a, b;
  size_t a_row, a_depth, a_step, b_depth, b_column, b_step;
  size_t rows, depth, columns, count;
  size_t scratch;
} pare_products_step;
PARE_STEP(products);

// Attention, head by head. Of head h in batch n an operand begins at n * batch + (h / group) * head elements.
typedef struct {
  size_t batch, head, row;
} pare_head_layout;
typedef struct {
  const pare_attention_kernels *kernels;
  pare_kernel softmax;     // softmax_rows_f32, for heads without a bias
  pare_place q, k, v;
  pare_head_layout q_layout, k_layout, v_layout, y_layout;
  size_t batch, heads, group;
  size_t queries, keys, size, value_size;
  float scale;
  const float *bias;       // null, or one of queries x pare_padded(keys) for
  size_t bias_step;        // each head of each batch, elements apart; 0 for one shared by all
  size_t scratch;          // pare_attention_step_scratch numbers
} pare_attention_step;

static inline size_t pare_attention_step_scratch(size_t queries, size_t keys, size_t size, size_t value_size) {
  const size_t masked = pare_attention_scratch(queries, keys, size, value_size);
  const size_t unmasked =
    (queries + size) * pare_padded(keys) + queries * value_size + keys * pare_padded(value_size) + 16;
  return masked > unmasked ? masked : unmasked;
}
PARE_STEP(attention);

// y[i, j, k, l] = x[start + i * from[0] + j * from[1] + k * from[2] + l * from[3]], y in order.
typedef struct {
  ptrdiff_t start;
  size_t extent0, extent1, extent2, extent3;
  ptrdiff_t from0, from1, from2, from3;
} pare_strided_step;
PARE_STEP(strided);
PARE_STEP(strided_u8);  // of bytes

// y[i] = (x[i] − zero point) · scale for uint8, int8 and int16 x: exact but for the product, which is rounded once.
typedef struct {
  float scale;
  int32_t zero_point;
  size_t count;
} pare_dequantize_step;
PARE_STEP(dequantize_u8);
PARE_STEP(dequantize_s8);
PARE_STEP(dequantize_s16);

// DynamicQuantizeLinear: float x[count] → uint8_t q[count], and a scale and a zero point, which lie at offsets.
typedef struct {
  const pare_dynamic_kernels *kernels;
  size_t count;
  size_t scale, zero_point;  // bytes
} pare_quantize_dynamically_step;
PARE_STEP(quantize_dynamically);

// dequantize_u8 with a scale and a zero point that are values.
typedef struct {
  pare_place scale, zero_point;
  size_t count;
} pare_dequantize_dynamically_step;
PARE_STEP(dequantize_dynamically);

// Bytes with a scale and a zero point that are values, by signed weights: uint8_t x[rows][inputs] → float y[rows][outputs].
typedef struct {
  pare_kernel run;             // dense_u8s8_f32 for one row, else product_u8s8_f32
  pare_product_u8s8 product;   // of its layer `bias` holds Σ w of each output, and `scale` the scales of the weights
  const pare_dynamic_kernels *kernels;
  pare_place scale, zero_point;
  void (*finish)(float *y, const float *bias, size_t rows, size_t columns);  // adds the bias; null for none
  const float *bias;
  size_t scratch;              // byte offset of int32_t and float [tiles · PARE_TILE]
} pare_dynamic_dense_step;
PARE_STEP(dynamic_dense_u8s8);

// A kernel of one row, which writes whole tiles, on each row of a matrix by itself. Where rows do not end with a line of
// the cache, it writes to scratch, from where the row is copied.
typedef struct {
  pare_kernel run;
  const void *operands;
  size_t rows;
  size_t input_bytes, output_bytes;  // of a row
  size_t scratch;                    // a row of whole tiles
} pare_each_row_step;
PARE_STEP(each_row);

// Runs of elements copied from several sources to several targets; first `fill` to whole targets.
typedef struct {
  size_t from, to, count;  // elements
} pare_piece;
typedef struct {
  pare_place source;
  size_t target;           // byte offset in the arena
  const pare_piece *pieces;
  size_t count;
  float fill;
  size_t filled;           // elements of the target that are filled first
} pare_copy;
typedef struct {
  const pare_copy *copies;
  size_t count;
} pare_copies_step;
PARE_STEP(copies);
PARE_STEP(copies_u8);  // of bytes

// A selective scan: see pare_scan. The last state may lie where the first does.
typedef struct {
  const pare_scan_kernels *kernels;
  size_t batch, steps, lanes, channels, states;
  pare_place x, delta, a, b, c, d, state;
  int32_t has_d, has_state, has_last;
  size_t last;     // byte offset
  size_t scratch;  // states x channels numbers
} pare_scan_step;
PARE_STEP(scan);

// The same on integers: see pare_quantized_scan, whose operands these complete.
typedef struct {
  const pare_scan_kernels *kernels;
  pare_quantized_scan scan;
  pare_place x, b, c, state;
  int32_t has_state, has_last;
  size_t last;  // byte offset
} pare_quantized_scan_step;
PARE_STEP(quantized_scan);

// Rows of a panel with a fill in the place of those that a condition leaves out, quantized or not: see pare_panel_kernels. Where it is
// `watched`, an int32_t in the arena says whether a number that is not finite was among the others.
typedef struct {
  const pare_panel_kernels *kernels;
  pare_place condition;
  size_t rows, columns;
  float fill, reciprocal;
  int32_t zero_point, quantizes, watched;
  size_t flag;  // byte offset
} pare_present_rows_step;
PARE_STEP(present_rows);

// Means of columns, weighted by a softmax over their rows: see pare_panel_kernels.
typedef struct {
  const pare_panel_kernels *kernels;
  pare_place bias, values;
  size_t rows, columns;
} pare_weighted_columns_step;
PARE_STEP(weighted_columns);

// A sum of products of two values along letters: y[i] = sum over the inner axes of a * b, each walked by strides.
typedef struct {
  size_t extent, a, b;
} pare_contracted_axis;
typedef struct {
  pare_place a, b;
  const pare_contracted_axis *outer, *inner;  // of the result, in its order; of what is summed
  size_t outer_count, inner_count;            // at most PARE_CONTRACTED_AXES each
  size_t count;                               // elements of the result
} pare_contraction_step;
#define PARE_CONTRACTED_AXES 6
PARE_STEP(contraction);

#endif
