// Private: optimizer steps in one pass over all parameters, compiled once per instruction set. See vector_passes.h.
#include "../vector_passes.h"

PARE_KERNEL void sgd(
    float *restrict p, const float *restrict gradient, float *restrict v, size_t count, pare_sgd_step step) {
  for (size_t i = 0; i < count; i++) {
    const float g = gradient[i] + step.coupled_decay * p[i];
    v[i] = step.momentum * v[i] + g;
    p[i] = p[i] - step.learning_rate * v[i];
  }
}

PARE_KERNEL void adam(
    float *restrict p, const float *restrict gradient, float *restrict m, float *restrict v, size_t count,
    pare_adam_step step) {
  for (size_t i = 0; i < count; i++) {
    const float g = gradient[i] + step.coupled_decay * p[i];
    m[i] = step.beta1 * m[i] + step.one_minus_beta1 * g;
    v[i] = step.beta2 * v[i] + step.one_minus_beta2 * (g * g);
    const float denominator = pare_square_root(v[i]) * step.second_moment_scale + step.epsilon;
    p[i] = p[i] * step.retained - step.step_size * (m[i] / denominator);
  }
}

PARE_KERNEL void keep(float *restrict x, const uint8_t *restrict mask, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = mask[i] ? x[i] : 0;
}

PARE_KERNEL void scale(float *x, float factor, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

PARE_KERNEL void limit(float *x, float bound, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float raised = x[i] < -bound ? -bound : x[i];
    x[i] = raised > bound ? bound : raised;
  }
}

PARE_KERNEL void accumulate(float *restrict x, const float *restrict y, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] += y[i];
}

extern const pare_optimizer_kernels PARE_JOIN(pare_optimizer_kernels_, PARE_VARIANT);
const pare_optimizer_kernels PARE_JOIN(pare_optimizer_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .sgd = sgd, .adam = adam, .keep = keep, .scale = scale,
  .limit = limit, .accumulate = accumulate,
};
