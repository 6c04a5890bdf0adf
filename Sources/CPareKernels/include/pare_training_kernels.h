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
} pare_optimizer_kernels;

// All kernels in one variant.
typedef struct {
  const char *name;
  const pare_elementwise_kernels *elementwise;
  const pare_reduction_kernels *reduction;
  const pare_softmax_kernels *softmax;
  const pare_optimizer_kernels *optimizer;
} pare_training_kernels;

// The variants that were compiled; entry 0, plain C, is the reference.
size_t pare_training_variant_count(void);
const pare_training_kernels *pare_training_variant(size_t index);
// Whether this processor has the instructions of a variant.
bool pare_training_variant_is_supported(size_t index);
// The last supported variant.
const pare_training_kernels *pare_training_best_variant(void);

#endif
