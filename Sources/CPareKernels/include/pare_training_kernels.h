// Passes over Float32 arrays for the batch executor and the optimizers.
//
// Every variant of a kernel gives the same bits: no contraction into fused multiply-adds, and sums over many elements
// run in 16 interleaved partial sums that are added in a fixed order, whatever the width of the processor's vectors.
#ifndef PARE_TRAINING_KERNELS_H
#define PARE_TRAINING_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// y[i, j] = op(a[i, j], b[i, j]) for rows x columns elements, y contiguous. An operand's element lies at
// i * row_stride + j * column_stride; column strides are 0 or 1.
typedef struct {
  const float *values;
  size_t row_stride;
  size_t column_stride;
} pare_operand_f32;

// The same of truth values, a byte each.
typedef struct {
  const uint8_t *values;
  size_t row_stride;
  size_t column_stride;
} pare_operand_u8;

typedef void (*pare_binary_f32)(
    pare_operand_f32 a, pare_operand_f32 b, float *y, size_t rows, size_t columns);
typedef void (*pare_unary_f32)(const float *x, float *y, size_t count);
typedef void (*pare_parametric_f32)(const float *x, float alpha, float beta, float *y, size_t count);
typedef void (*pare_parametric_gradient_f32)(
    const float *dy, const float *x, float alpha, float beta, float *dx, size_t count);

// Which elements a dropout keeps: the i-th where a hash of the low 32 bits of i under two keys is not below the threshold.
typedef struct {
  uint32_t first_key, second_key, threshold;
} pare_dropout;

// Which of rows x extent numbers share a scale: the runs of `block` in each row, of which the last may be shorter. There are
// as many scales, in this order.
typedef struct {
  size_t rows, extent, block;
} pare_scale_blocks;

typedef struct {
  const char *variant;
  pare_binary_f32 add;
  pare_binary_f32 subtract;
  pare_binary_f32 multiply;
  pare_binary_f32 divide;
  pare_binary_f32 relu_gradient;     // b > 0 ? a : 0
  pare_binary_f32 sigmoid_gradient;  // a * (b * (1 - b))
  pare_binary_f32 tanh_gradient;     // a * (1 - b * b)
  pare_unary_f32 negate;
  pare_unary_f32 relu;
  pare_unary_f32 exponential;
  pare_unary_f32 tanh;
  pare_unary_f32 sigmoid;
  // x < 0 ? slope * x : x, and x > 0 ? dy : slope * dy
  void (*leaky_relu)(const float *x, float slope, float *y, size_t count);
  void (*leaky_relu_gradient)(const float *dy, const float *x, float slope, float *dx, size_t count);
  pare_unary_f32 absolute;
  pare_unary_f32 square;
  pare_unary_f32 square_root;
  pare_unary_f32 reciprocal;
  pare_unary_f32 logarithm;
  pare_unary_f32 error_function;
  pare_unary_f32 gelu;
  pare_unary_f32 gelu_by_tanh;
  pare_unary_f32 hard_swish;
  pare_unary_f32 softplus;
  pare_unary_f32 mish;
  // a times the slope at b of the function above.
  pare_binary_f32 absolute_gradient;
  pare_binary_f32 square_gradient;
  pare_binary_f32 reciprocal_gradient;
  pare_binary_f32 error_function_gradient;
  pare_binary_f32 gelu_gradient;
  pare_binary_f32 gelu_by_tanh_gradient;
  pare_binary_f32 hard_swish_gradient;
  pare_binary_f32 softplus_gradient;
  pare_binary_f32 mish_gradient;
  // x > 0 ? x : alpha * (exp(x) - 1)
  pare_parametric_f32 elu;
  pare_parametric_gradient_f32 elu_gradient;
  // x / (1 + exp(-alpha * x))
  pare_parametric_f32 swish;
  pare_parametric_gradient_f32 swish_gradient;
  // min(max(alpha * x + beta, 0), 1)
  pare_parametric_f32 hard_sigmoid;
  pare_parametric_gradient_f32 hard_sigmoid_gradient;
  // NaN where one is.
  pare_binary_f32 maximum;
  pare_binary_f32 minimum;
  // condition != 0 ? a : b
  void (*choose)(
      pare_operand_u8 condition, pare_operand_f32 a, pare_operand_f32 b, float *y, size_t rows, size_t columns);
  // y = min(max(x, low), high); NaN stays NaN.
  void (*clip)(const float *x, float low, float high, float *y, size_t count);
  // low <= x <= high ? dy : 0
  pare_parametric_gradient_f32 clip_gradient;
  // y = kept ? x * scale : 0
  void (*drop_out)(const float *x, pare_dropout dropout, float scale, float *y, size_t count);
  // 1 for what is kept, 0 for what is not.
  void (*drop_out_mask)(pare_dropout dropout, uint8_t *mask, size_t count);
  // y[i, j] += bias[j], and then y = y < 0 ? 0 : y; NaN stays NaN.
  void (*add_bias)(float *y, const float *bias, size_t rows, size_t columns);
  void (*add_bias_relu)(float *y, const float *bias, size_t rows, size_t columns);
  // Numbers as the integers of low ... high that they are rounded to stand for them (zero point taken off):
  // y = scale * round(min(max(x / scale, low), high)), by the reciprocal of scale, ties to even; NaN gives 0.
  void (*fake_quantize)(
      const float *x, const float *scale, float low, float high, float *y, pare_scale_blocks shape);
  // dx = dy where the rounded x / scale lies in low ... high, else 0. Unless null, scale_gradient becomes factor times the
  // sum of dy * (rounded - x / scale) there and of dy * bound beyond.
  void (*fake_quantize_gradient)(
      const float *dy, const float *x, const float *scale, float low, float high, float *dx, float *scale_gradient,
      float factor, pare_scale_blocks shape);
  pare_unary_f32 binarize;  // x >= 0 ? 1 : -1
} pare_elementwise_kernels;

typedef struct {
  const char *variant;
  // y[j] = scale * sum of x[i, j] over i, in the order of i.
  void (*column_sums)(const float *x, float scale, float *y, size_t rows, size_t columns);
  // y[i] = scale * sum of x[i, j] over j.
  void (*row_sums)(const float *x, float scale, float *y, size_t rows, size_t columns);
  float (*sum_of_squares)(const float *x, size_t count);
} pare_reduction_kernels;

typedef struct {
  const char *variant;
  // Over each row: y = exp(x - max x) / sum.
  void (*softmax)(const float *x, float *y, size_t rows, size_t columns);
  // Over each row: y = (x - max x) - log(sum of exp(x - max x)).
  void (*log_softmax)(const float *x, float *y, size_t rows, size_t columns);
  // dx = y * (dy - sum of dy * y) for a softmax y.
  void (*softmax_gradient)(const float *dy, const float *y, float *dx, size_t rows, size_t columns);
  // dx = dy - exp(y) * sum of dy for a log-softmax y.
  void (*log_softmax_gradient)(const float *dy, const float *y, float *dx, size_t rows, size_t columns);
  // The sum over the rows of log(sum of exp(x)) - x[label]. Labels lie in 0 ..< columns, and columns within
  // PARE_SOFTMAX_BLOCK.
  float (*cross_entropy)(const float *x, const int64_t *labels, size_t rows, size_t columns);
  // dx = scale * (softmax(x) - onehot(label)).
  void (*cross_entropy_gradient)(
      const float *x, const int64_t *labels, float scale, float *dx, size_t rows, size_t columns);
} pare_softmax_kernels;

#define PARE_SOFTMAX_BLOCK 512

// One step of stochastic gradient descent with momentum:
//   g = gradient + coupled_decay * p;  v = momentum * v + g;  p = p - learning_rate * v
typedef struct {
  float learning_rate, momentum, coupled_decay;
} pare_sgd_step;

// One step of Adam, bias corrections folded into the two scales:
//   g = gradient + coupled_decay * p;  p = p * retained
//   m = beta1 * m + one_minus_beta1 * g;  v = beta2 * v + one_minus_beta2 * (g * g)
//   p = p - step_size * (m / (sqrt(v) * second_moment_scale + epsilon))
// retained is 1 - learning rate * decoupled decay.
typedef struct {
  float beta1, one_minus_beta1, beta2, one_minus_beta2;
  float step_size, second_moment_scale, epsilon, coupled_decay, retained;
} pare_adam_step;

typedef struct {
  const char *variant;
  void (*sgd)(float *p, const float *gradient, float *v, size_t count, pare_sgd_step step);
  void (*adam)(float *p, const float *gradient, float *m, float *v, size_t count, pare_adam_step step);
  // x = mask != 0 ? x : 0
  void (*keep)(float *x, const uint8_t *mask, size_t count);
  void (*scale)(float *x, float factor, size_t count);
  // x = min(max(x, -bound), bound); NaN stays.
  void (*limit)(float *x, float bound, size_t count);
  // x = x + y
  void (*accumulate)(float *x, const float *y, size_t count);
} pare_optimizer_kernels;

// Passes over the channels of x [samples, channels, inner]; every other operand has a number per channel.
typedef struct {
  const char *variant;
  // y[c] = sum of x, of (x - center)^2 and of a * (x - center).
  void (*sums)(const float *x, float *y, size_t samples, size_t channels, size_t inner);
  void (*squares)(const float *x, const float *center, float *y, size_t samples, size_t channels, size_t inner);
  void (*products)(
      const float *a, const float *x, const float *center, float *y, size_t samples, size_t channels, size_t inner);
  // y = (x - center) * factor + shift
  void (*normalize)(
      const float *x, const float *center, const float *factor, const float *shift, float *y, size_t samples,
      size_t channels, size_t inner);
  // y = a * factor + (x - center) * slope + shift
  void (*combine)(
      const float *a, const float *factor, const float *x, const float *center, const float *slope, const float *shift,
      float *y, size_t samples, size_t channels, size_t inner);
} pare_channel_kernels;

// How a window slides along one axis: position o and tap k meet element o * stride - padding + k * dilation.
typedef struct {
  size_t input, kernel, stride, dilation, padding, output;
} pare_window_axis;

typedef struct {
  pare_window_axis axes[3];
} pare_window;

typedef struct {
  const char *variant;
  // The largest element under the window at every position, in every plane; NaN where there is one.
  void (*maxima)(const float *x, const pare_window *window, float *y, size_t planes);
  // dx = dy at the first of the largest elements under a window, added up over the windows.
  void (*maxima_gradient)(
      const float *dy, const float *x, const float *y, const pare_window *window, float *dx, size_t planes);
} pare_pooling_kernels;

// Elements that move together: count of them, step apart from `from` on in a plane, side by side from `to` on where the
// plane lies packed.
typedef struct {
  size_t from, to, count;
} pare_run;

// Rows that a convolution computes at a time; packed weights and bias are padded to it.
#define PARE_CONVOLUTION_ROWS 4

// Convolutions over packed planes, in which every tap of the window lies at a fixed distance from the position. Sums use
// fused multiply-adds in every variant: without one in the processor, plain C calls the C library's.
typedef struct {
  const char *variant;
  // packed[to + i] = x[from + i * step] for each run, and back.
  void (*gather_runs)(const float *x, const pare_run *runs, size_t count, size_t step, float *packed);
  void (*scatter_runs)(const float *packed, const pare_run *runs, size_t count, size_t step, float *x);
  // packed[row / R][term][row % R] = weights[row * row_stride + term_offsets[term]], zeros beyond the rows; R =
  // PARE_CONVOLUTION_ROWS.
  void (*pack_weights)(
      const float *weights, size_t rows, size_t row_stride, const size_t *term_offsets, size_t terms, float *packed);
  // out[row * stride + q] = bias[row] + sum over the terms in order of weight(row, term) * in[offsets[term] + q], then
  // max(., 0) if relu, for q in 0 ..< 16 * vectors and rows a multiple of R.
  void (*convolve)(
      const float *in, const size_t *offsets, size_t terms, const float *weights, const float *bias, float *out,
      size_t stride, size_t rows, size_t vectors, bool relu);
  // weights[row * terms + term] += sum over q of narrow[row * stride + q] * wide[offsets[term] + q], for q in 0 ..< 16 *
  // vectors. Reads rows up to a multiple of R.
  void (*correlate)(
      const float *narrow, size_t stride, size_t rows, const float *wide, const size_t *offsets, size_t terms,
      size_t vectors, float *weights);
} pare_convolution_kernels;

// One step of a recurrent layer for several sequences. Sums are of fused multiply-adds, in every variant in the same
// order: from the bias over the features, then over the units of the state.
typedef struct {
  size_t rows, features, hidden;
  // W, R and the biases as `pack` lays them: of an LSTM 4 gates each; of a GRU 3 gates of W and of R, and biases of z, r,
  // the hidden gate's product with W, and that with R.
  const float *input_panels, *state_panels, *bias;
  const float *x;  // [rows, features]
  size_t x_stride;
  const float *h;  // the state before, [rows, hidden]; null stands for zeros
  size_t h_stride;
  const float *c;  // the cell before, likewise
  size_t c_stride;
  float *y;  // the state after
  size_t y_stride;
  float *c_next;  // the cell after; may be c
  size_t c_next_stride;
  // [rows, 4 * hidden], null where nobody wants them. LSTM: i, o, forget, cell gate. GRU: z, r, hidden gate, the product
  // of R and the state that goes into it.
  float *gates;
  size_t gates_stride;
} pare_recurrent_step;

// Its gradient. Vectors that the kernels share among themselves are padded to `padded`, a multiple of
// PARE_RECURRENT_PADDING, and what lies between stays 0.
typedef struct {
  size_t rows, hidden, padded;
  const float *gates;  // of an LSTM the cell after follows them
  size_t gates_stride;
  const float *h;  // [rows, padded]: the states before
  const float *c;
  const float *dy;  // [rows, hidden], or null
  size_t dy_stride;
  float *dh;  // [rows, padded]; to be replaced by what does not pass the products with R
  float *dc;  // [rows, padded]; to be replaced by the gradient by the cell before
  // [rows, 4, padded]: the gradients by the products. LSTM: i, o, forget, cell gate. GRU: the hidden gate's with W, z, r,
  // the hidden gate's with R.
  float *products;
  size_t products_stride;
  float *sums;            // [4, padded]: those of all rows are added to it
  const uint8_t *active;  // a row where this is 0 takes no part: dh and dc stay, its products are 0; null for all
} pare_recurrent_step_gradient;

// A multiple of every variant's width.
#define PARE_RECURRENT_PADDING 16

typedef struct {
  const char *variant;
  // Lanes of a panel.
  size_t width;
  // [gates * hidden, depth] to [ceil(hidden / width), depth, gates, width], padded with 0.
  void (*pack)(const float *w, float *panels, size_t gates, size_t hidden, size_t depth);
  void (*lstm)(const pare_recurrent_step *step);
  void (*gru)(const pare_recurrent_step *step);
  void (*lstm_gradient)(const pare_recurrent_step_gradient *step);
  void (*gru_gradient)(const pare_recurrent_step_gradient *step);
  // c[i, j] += sum over k of a[i * a_row + k * a_depth] * b[k * b_stride + j], in the order of k, fused. `columns` is a
  // multiple of PARE_RECURRENT_PADDING.
  void (*accumulate_product)(
      const float *a, size_t a_row, size_t a_depth, const float *b, size_t b_stride, float *c, size_t c_stride,
      size_t rows, size_t columns, size_t depth);
} pare_recurrent_kernels;

// One head of scaled dot-product attention. A row i of an operand lies at i * its stride. `bias`, which may be null, is
// added to the scores: queries rows of pare_padded(keys) numbers, those behind the keys unused; minus infinity forbids a
// key, and a query without a key gets zeros.
typedef struct {
  const float *q, *k, *v, *bias;
  size_t q_stride, k_stride, v_stride;
  size_t queries, keys, size, value_size;
  float scale;
} pare_attention_head;

// A count rounded up to whole groups of 16.
static inline size_t pare_padded(size_t count) { return (count + 15) / 16 * 16; }

typedef struct {
  const char *variant;
  // c = a b for `count` products of matrices of rows x depth by depth x columns. a[i, k] lies at i * a_row + k * a_depth,
  // b[k, j] at k * b_depth + j * b_column, of one product; the next lies a_step, b_step and rows * columns behind. Each
  // element is summed in the order of k, every product fused into the sum. scratch: depth * pare_padded(columns) + 16.
  void (*products)(
      const float *a, size_t a_row, size_t a_depth, size_t a_step, const float *b, size_t b_depth, size_t b_column,
      size_t b_step, float *c, size_t rows, size_t depth, size_t columns, size_t count, float *scratch);
  // y = softmax(scale * q k' + bias) v. scratch: pare_attention_scratch of the head.
  void (*attention)(const pare_attention_head *head, float *y, size_t y_stride, float *scratch);
  // From dy, rows at y_stride: dq, and dk and dv, added to what they hold if asked. They have the strides of q, k and v.
  void (*attention_gradient)(
      const pare_attention_head *head, const float *dy, size_t y_stride, float *dq, float *dk, float *dv, bool adds,
      float *scratch);
} pare_attention_kernels;

// Numbers of scratch memory that attention and its gradient need.
size_t pare_attention_scratch(size_t queries, size_t keys, size_t size, size_t value_size);

// Rows brought to unit size: with m the row's mean, or 0 where it is not centered, and
// r = 1 / sqrt(mean of (x - m)^2 + epsilon), y = (x - m) * r * scale + bias. bias may be null.
typedef struct {
  const char *variant;
  void (*normalize)(
      const float *x, const float *scale, const float *bias, float epsilon, bool centers, float *y, size_t rows,
      size_t columns);
  // dx = r * (g - mean g - u * mean (g * u)) for g = dy * scale and u = (x - m) * r, without mean g where m is 0;
  // dscale = sum of dy * u and dbias = sum of dy over the rows. dbias may be null. scratch: columns.
  void (*gradient)(
      const float *dy, const float *x, const float *scale, float epsilon, bool centers, float *dx, float *dscale,
      float *dbias, size_t rows, size_t columns, float *scratch);
} pare_row_normalization_kernels;

// Quantization to uint8 by the range at hand, and what a product of such bytes needs of it.
typedef struct {
  const char *variant;
  // The least and the greatest of x, 0 among them; NaN does not count.
  void (*range)(const float *x, size_t count, float *low, float *high);
  // q = min(max(round(x / scale) + zero_point, 0), 255), ties to even; NaN gives the zero point.
  void (*quantize)(const float *x, float scale, int32_t zero_point, uint8_t *q, size_t count);
  // bias = -zero_point * sums, modulo 2^32, and factors = scale * scales.
  void (*start)(
      const int32_t *sums, int32_t zero_point, const float *scales, float scale, int32_t *bias, float *factors,
      size_t count);
} pare_dynamic_kernels;

// A selective scan over steps, a recurrence for each of batch x lanes:
// h[s, c] = exp(delta[c] * a[s, c]) * h[s, c] + delta[c] * b[s] * x[c], y[c] = sum of c[s] * h[s, c] over s, + d[c] * x[c].
// x and delta [batch, steps, lanes, channels], a [states, channels], b and c [batch, steps, lanes, states], d [channels],
// state [batch, lanes, states, channels]; d and state may be null.
typedef struct {
  size_t batch, steps, lanes, channels, states;
  const float *x, *delta, *a, *b, *c, *d, *state;
} pare_scan;

// Where the gradients by its operands go; those by d and state are zeros where the scan has none.
typedef struct {
  float *x, *delta, *a, *b, *c, *d, *state;
} pare_scan_gradient;

// Numbers of the states of lanes that are taken together, so that narrow lanes fill whole vectors.
enum { PARE_SCAN_BLOCK = 512 };

// A selective scan on integers: docs/integer-arithmetic.md, section 17. Equal bits in every variant.
typedef struct {
  size_t batch, steps, lanes, channels, states;
  const uint8_t *x, *b, *c;  // as of pare_scan, in codes
  const int16_t *state;      // as of pare_scan; may be null
  int32_t x_zero_point, b_zero_point, c_zero_point;
  const uint32_t *table;     // [channels, 256, states]: decay in the lower half, drive in the upper one
  float scale;
  const float *skip;         // [channels]
} pare_quantized_scan;

typedef struct {
  const char *variant;
  // last, the state behind the last step, may be null and may be the scan's own state. scratch: states x channels.
  void (*scan)(const pare_scan *scan, float *y, float *last, float *scratch);
  // From the gradients by y and by the last state, of which one may be null. scratch: pare_scan_gradient_scratch.
  void (*gradient)(
      const pare_scan *scan, const float *dy, const float *dlast, const pare_scan_gradient *gradient, float *scratch);
  // last may be null and may be the scan's own state. At most PARE_SCAN_BLOCK numbers of state to a lane.
  void (*quantized)(const pare_quantized_scan *scan, float *y, int16_t *last);
} pare_scan_kernels;

size_t pare_scan_gradient_scratch(const pare_scan *scan);

// Rows of a panel, a symbol each. Both say whether the rows whose condition holds are finite numbers alone: 1, else 0.
typedef struct {
  const char *variant;
  // y[r, c] = condition[r] ? x[r, c] : fill.
  int32_t (*present)(const float *x, const uint8_t *condition, float fill, float *y, size_t rows, size_t columns);
  // The same, quantized: clamp(round(y * reciprocal) + zero_point), half to even; NaN gives the zero point.
  int32_t (*present_u8)(
      const float *x, const uint8_t *condition, float fill, float reciprocal, int32_t zero_point, uint8_t *q, size_t rows,
      size_t columns);
  // For each column c the mean of values[r, c] over the rows, weighted by the softmax over the rows of x[r, c] + bias[r]:
  // y[c] = (sum over r of e[r, c] values[r, c]) / (sum over r of e[r, c]), e[r, c] = exp(x[r, c] + bias[r] - the largest of its column).
  // At least one row. |y - exact| <= (4 R + 2 rows + 40) 2^-24 times the weighted mean of the magnitudes, for sums of a column that lie
  // within R of its largest or so far below that they weigh nothing.
  void (*weighted_columns)(const float *x, const float *bias, const float *values, float *y, size_t rows, size_t columns);
} pare_panel_kernels;

// All kernels in one variant.
typedef struct {
  const char *name;
  const pare_elementwise_kernels *elementwise;
  const pare_reduction_kernels *reduction;
  const pare_softmax_kernels *softmax;
  const pare_optimizer_kernels *optimizer;
  const pare_convolution_kernels *convolution;
  const pare_recurrent_kernels *recurrent;
  const pare_attention_kernels *attention;
  const pare_row_normalization_kernels *row_normalization;
  const pare_channel_kernels *channels;
  const pare_pooling_kernels *pooling;
  const pare_dynamic_kernels *dynamic;
  const pare_scan_kernels *scan;
  const pare_panel_kernels *panel;
} pare_training_kernels;

// The variants that were compiled; entry 0, plain C, is the reference.
size_t pare_training_variant_count(void);
const pare_training_kernels *pare_training_variant(size_t index);
// Whether this processor has the instructions of a variant.
bool pare_training_variant_is_supported(size_t index);
// The last supported variant.
const pare_training_kernels *pare_training_best_variant(void);

#endif
