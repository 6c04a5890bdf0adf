// Private: activations and their gradients, included by elementwise_passes.h.
//
// In a gradient a is dY and b is the input X.

PARE_UNARY(absolute, __builtin_fabsf(x))
PARE_UNARY(square, x * x)
PARE_UNARY(square_root, pare_square_root(x))
PARE_UNARY(reciprocal, 1.0f / x)
PARE_UNARY(logarithm, pare_logarithm(x))
PARE_UNARY(error_function, pare_error_function(x))
PARE_BINARY(absolute_gradient, b > 0 ? a : b < 0 ? -a : a * 0.0f)
PARE_BINARY(square_gradient, a * 2.0f * b)
PARE_BINARY(reciprocal_gradient, a * (-1.0f / (b * b)))
PARE_BINARY(error_function_gradient, a * (1.12837916709551257f * pare_bell(b, 1.0f)))

PARE_INLINE float gelu_slope(float x) {
  const float bell = pare_bell(x, 0.5f);
  return pare_normal_distribution(x, bell) + x * (0.398942280401432678f * bell);
}

PARE_INLINE float gelu_tanh(float x) {
  return pare_hyperbolic_tangent(0.797884560802865356f * (x + 0.044715f * (x * x * x)));
}

PARE_INLINE float gelu_tanh_slope(float x) {
  const float t = gelu_tanh(x);
  const float inner = 0.797884560802865356f * (1.0f + 0.134145f * (x * x));
  return 0.5f * ((1.0f + t) + x * ((1.0f - t) * (1.0f + t)) * inner);
}

PARE_UNARY(gelu, x * pare_normal_distribution(x, pare_bell(x, 0.5f)))
PARE_BINARY(gelu_gradient, a * gelu_slope(b))
PARE_UNARY(gelu_by_tanh, 0.5f * x * (1.0f + gelu_tanh(x)))
PARE_BINARY(gelu_by_tanh_gradient, a * gelu_tanh_slope(b))

PARE_INLINE float between_zero_and_one(float x) { return x < 0 ? 0 : x > 1.0f ? 1.0f : x; }

PARE_UNARY(hard_swish, x * between_zero_and_one(x / 6.0f + 0.5f))
PARE_BINARY(hard_swish_gradient, a * (b <= -3.0f ? 0 : b >= 3.0f ? 1.0f : b / 3.0f + 0.5f))

PARE_UNARY(softplus, (x < 0 ? 0 : x) + pare_logarithm_of_one_plus(pare_decay(x)))
PARE_BINARY(softplus_gradient, a * pare_logistic(b, pare_decay(b)))

// tanh(softplus(x)) is ((1 + e)^2 - 1) / ((1 + e)^2 + 1) with e = exp(x), divided by e^2 where x is positive.
PARE_INLINE float mish_tanh(float x, float decay) {
  const float above = x < 0 ? decay * (decay + 2.0f) : 1.0f + 2.0f * decay;
  return above / (above + 2.0f * (x < 0 ? 1.0f : decay * decay));
}

PARE_INLINE float mish_slope(float x) {
  const float decay = pare_decay(x);
  const float t = mish_tanh(x, decay);
  const float steep = (1.0f - t) * (1.0f + t) * pare_logistic(x, decay);
  return t + x * steep;
}

PARE_UNARY(mish, x * mish_tanh(x, pare_decay(x)))
PARE_BINARY(mish_gradient, a * mish_slope(b))

#define PARE_PARAMETRIC(NAME, EXPRESSION)                                                               \
  PARE_KERNEL void NAME(                                                                                \
      const float *restrict input, float alpha, float beta, float *restrict y, size_t count) {          \
    (void)beta;                                                                                         \
    for (size_t i = 0; i < count; i++) { const float x = input[i]; y[i] = EXPRESSION; }                 \
  }
#define PARE_PARAMETRIC_GRADIENT(NAME, EXPRESSION)                                                      \
  PARE_KERNEL void NAME(                                                                                \
      const float *restrict dy, const float *restrict input, float alpha, float beta, float *restrict dx, \
      size_t count) {                                                                                   \
    (void)beta;                                                                                         \
    for (size_t i = 0; i < count; i++) { const float x = input[i]; dx[i] = dy[i] * (EXPRESSION); }      \
  }

PARE_PARAMETRIC(elu, x > 0 ? x : alpha * pare_exponential_minus_one(x))
PARE_PARAMETRIC_GRADIENT(elu_gradient, x > 0 ? 1.0f : alpha * pare_exponential(x))
PARE_PARAMETRIC(hard_sigmoid, between_zero_and_one(alpha * x + beta))
PARE_PARAMETRIC_GRADIENT(hard_sigmoid_gradient, alpha * x + beta > 0 && alpha * x + beta < 1.0f ? alpha : 0)

PARE_INLINE float swish_slope(float z) {
  const float s = pare_logistic(z, pare_decay(z));
  return s * (1.0f + z * (1.0f - s));
}

PARE_PARAMETRIC(swish, x * pare_logistic(alpha * x, pare_decay(alpha * x)))
PARE_PARAMETRIC_GRADIENT(swish_gradient, swish_slope(alpha * x))

PARE_KERNEL void clip_gradient(
    const float *restrict dy, const float *restrict x, float low, float high, float *restrict dx, size_t count) {
  for (size_t i = 0; i < count; i++) dx[i] = x[i] >= low && x[i] <= high ? dy[i] : 0;
}

// A comparison with NaN is false, and NaN differs from itself.
PARE_BINARY(maximum, a != a || a > b ? a : b)
PARE_BINARY(minimum, a != a || a < b ? a : b)

PARE_KERNEL void choose(
    pare_operand_u8 condition, pare_operand_f32 left, pare_operand_f32 right, float *y, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    const uint8_t *restrict c = condition.values + row * condition.row_stride;
    const float *restrict u = left.values + row * left.row_stride;
    const float *restrict w = right.values + row * right.row_stride;
    float *restrict z = y + row * columns;
    if (!condition.column_stride) {
      const float *restrict from = *c ? u : w;
      const size_t step = *c ? left.column_stride : right.column_stride;
      for (size_t j = 0; j < columns; j++) z[j] = from[j * step];
    } else if (left.column_stride && right.column_stride) {
      for (size_t j = 0; j < columns; j++) z[j] = c[j] ? u[j] : w[j];
    } else if (left.column_stride) {
      const float b = *w;
      for (size_t j = 0; j < columns; j++) z[j] = c[j] ? u[j] : b;
    } else if (right.column_stride) {
      const float a = *u;
      for (size_t j = 0; j < columns; j++) z[j] = c[j] ? a : w[j];
    } else {
      const float a = *u, b = *w;
      for (size_t j = 0; j < columns; j++) z[j] = c[j] ? a : b;
    }
  }
}

// A hash of a counter: two rounds of a mixer of 32 bits, each with a key of its own. Multipliers: Wellons,
// "lowbias32".
PARE_INLINE uint32_t drawn(uint32_t counter, uint32_t first, uint32_t second) {
  uint32_t h = counter + first;
  h = (h ^ (h >> 16)) * 0x7feb352du;
  h = (h ^ (h >> 15)) * 0x846ca68bu;
  h = (h ^ (h >> 16)) + second;
  h = (h ^ (h >> 16)) * 0x7feb352du;
  h = (h ^ (h >> 15)) * 0x846ca68bu;
  return h ^ (h >> 16);
}

PARE_KERNEL void drop_out(
    const float *restrict x, pare_dropout dropout, float scale, float *restrict y, size_t count) {
  for (size_t i = 0; i < count; i++) {
    y[i] = drawn((uint32_t)i, dropout.first_key, dropout.second_key) >= dropout.threshold ? x[i] * scale : 0;
  }
}

PARE_KERNEL void drop_out_mask(pare_dropout dropout, uint8_t *restrict mask, size_t count) {
  for (size_t i = 0; i < count; i++) {
    mask[i] = drawn((uint32_t)i, dropout.first_key, dropout.second_key) >= dropout.threshold;
  }
}
