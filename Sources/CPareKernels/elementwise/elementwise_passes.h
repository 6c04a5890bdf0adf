// Private: the element-wise kernels, compiled once per instruction set. See vector_passes.h.
#include "special_functions.h"

// Each loop is written out for the column strides that occur, so that the inner one is contiguous.
#define PARE_BINARY(NAME, EXPRESSION)                                                                   \
  PARE_KERNEL void NAME(pare_operand_f32 left, pare_operand_f32 right, float *y, size_t rows, size_t columns) { \
    for (size_t row = 0; row < rows; row++) {                                                           \
      const float *restrict u = left.values + row * left.row_stride;                                    \
      const float *restrict w = right.values + row * right.row_stride;                                  \
      float *restrict z = y + row * columns;                                                            \
      if (left.column_stride && right.column_stride) {                                                  \
        for (size_t j = 0; j < columns; j++) { const float a = u[j], b = w[j]; z[j] = EXPRESSION; }     \
      } else if (left.column_stride) {                                                                  \
        const float b = *w;                                                                             \
        for (size_t j = 0; j < columns; j++) { const float a = u[j]; z[j] = EXPRESSION; }               \
      } else if (right.column_stride) {                                                                 \
        const float a = *u;                                                                             \
        for (size_t j = 0; j < columns; j++) { const float b = w[j]; z[j] = EXPRESSION; }               \
      } else {                                                                                          \
        const float a = *u, b = *w;                                                                     \
        for (size_t j = 0; j < columns; j++) z[j] = EXPRESSION;                                         \
      }                                                                                                 \
    }                                                                                                   \
  }

PARE_BINARY(add, a + b)
PARE_BINARY(subtract, a - b)
PARE_BINARY(multiply, a * b)
PARE_BINARY(divide, a / b)
PARE_BINARY(relu_gradient, b > 0 ? a : 0)
PARE_BINARY(sigmoid_gradient, a * (b * (1 - b)))
PARE_BINARY(tanh_gradient, a * (1 - b * b))

#define PARE_UNARY(NAME, EXPRESSION)                                                          \
  PARE_KERNEL void NAME(const float *restrict input, float *restrict y, size_t count) {      \
    for (size_t i = 0; i < count; i++) { const float x = input[i]; y[i] = EXPRESSION; }       \
  }

PARE_UNARY(negate, -x)
PARE_UNARY(relu, x < 0 ? 0 : x)
PARE_UNARY(exponential, pare_exponential(x))
PARE_UNARY(tangent, pare_hyperbolic_tangent(x))
PARE_UNARY(sigmoid, pare_sigmoid(x))

#include "activations.h"
#include "fake_quantization.h"

PARE_KERNEL void leaky_relu(const float *restrict x, float slope, float *restrict y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = x[i] < 0 ? slope * x[i] : x[i];
}

PARE_KERNEL void leaky_relu_gradient(
    const float *restrict dy, const float *restrict x, float slope, float *restrict dx, size_t count) {
  for (size_t i = 0; i < count; i++) dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
}

PARE_KERNEL void clip(const float *restrict x, float low, float high, float *restrict y, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float raised = x[i] < low ? low : x[i];
    y[i] = raised > high ? high : raised;
  }
}

PARE_KERNEL void add_bias(float *y, const float *restrict bias, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict z = y + row * columns;
    for (size_t j = 0; j < columns; j++) z[j] += bias[j];
  }
}

PARE_KERNEL void add_bias_relu(float *y, const float *restrict bias, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    float *restrict z = y + row * columns;
    for (size_t j = 0; j < columns; j++) {
      const float sum = z[j] + bias[j];
      z[j] = sum < 0 ? 0 : sum;
    }
  }
}

extern const pare_elementwise_kernels PARE_JOIN(pare_elementwise_kernels_, PARE_VARIANT);
const pare_elementwise_kernels PARE_JOIN(pare_elementwise_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME,
  .add = add, .subtract = subtract, .multiply = multiply, .divide = divide,
  .relu_gradient = relu_gradient, .sigmoid_gradient = sigmoid_gradient, .tanh_gradient = tanh_gradient,
  .negate = negate, .relu = relu, .exponential = exponential, .tanh = tangent, .sigmoid = sigmoid,
  .leaky_relu = leaky_relu, .leaky_relu_gradient = leaky_relu_gradient,
  .absolute = absolute, .square = square, .square_root = square_root, .reciprocal = reciprocal,
  .logarithm = logarithm, .error_function = error_function,
  .absolute_gradient = absolute_gradient, .square_gradient = square_gradient,
  .reciprocal_gradient = reciprocal_gradient, .error_function_gradient = error_function_gradient,
  .gelu = gelu, .gelu_gradient = gelu_gradient,
  .gelu_by_tanh = gelu_by_tanh, .gelu_by_tanh_gradient = gelu_by_tanh_gradient,
  .hard_swish = hard_swish, .hard_swish_gradient = hard_swish_gradient,
  .softplus = softplus, .softplus_gradient = softplus_gradient, .mish = mish, .mish_gradient = mish_gradient,
  .elu = elu, .elu_gradient = elu_gradient, .swish = swish, .swish_gradient = swish_gradient,
  .hard_sigmoid = hard_sigmoid, .hard_sigmoid_gradient = hard_sigmoid_gradient,
  .maximum = maximum, .minimum = minimum, .choose = choose,
  .clip_gradient = clip_gradient, .drop_out = drop_out, .drop_out_mask = drop_out_mask,
  .fake_quantize = fake_quantize, .fake_quantize_gradient = fake_quantize_gradient, .binarize = binarize,
  .clip = clip, .add_bias = add_bias, .add_bias_relu = add_bias_relu,
};
