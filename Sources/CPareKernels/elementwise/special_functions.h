// Private: functions of one number that the element-wise kernels are made of. See vector_passes.h.
#ifndef PARE_SPECIAL_FUNCTIONS_H
#define PARE_SPECIAL_FUNCTIONS_H

#include "../vector_passes.h"

// The decay exp(-|x|), at most 1, by which functions that saturate are written without overflow; NaN stays NaN.
PARE_INLINE float pare_decay(float x) { return pare_exponential(-__builtin_fabsf(x)); }

// 1 / (1 + exp(-x)) from the decay of x.
PARE_INLINE float pare_logistic(float x, float decay) { return (x < 0 ? decay : 1.0f) / (1.0f + decay); }

// exp(x) - 1 for x <= 0; near 0 the polynomial of pare_exponential without its 1, so that nothing cancels.
PARE_INLINE float pare_exponential_minus_one(float x) {
  float p = 1.9875691500e-4f;
  p = p * x + 1.3981999507e-3f;
  p = p * x + 8.3334519073e-3f;
  p = p * x + 4.1665795894e-2f;
  p = p * x + 1.6666665459e-1f;
  p = p * x + 5.0000001201e-1f;
  const float near = p * (x * x) + x;
  return x > -0.34f ? near : pare_exponential(x) - 1.0f;
}

// ln x: -infinity at 0, NaN below; NaN stays NaN.
//
// x = m 2^e with m in [sqrt(1/2), sqrt(2)); a polynomial of degree 8 in m - 1, ln 2 split in two. Numbers too small for
// a full significand are scaled first. Coefficients: Cephes, logf.
PARE_INLINE float pare_logarithm(float x) {
  const int small = x < 1.17549435e-38f;
  const float scaled = small ? x * 8388608.0f : x;
  const uint32_t shifted = pare_bits(scaled) - 0x3f3504f3u;  // sqrt(1/2)
  const int32_t exponent = (int32_t)shifted >> 23;
  const float e = (float)exponent - (small ? 23.0f : 0.0f);
  const float r = pare_from_bits((shifted & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
  const float z = r * r;
  float p = 7.0376836292e-2f;
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  float y = p * r * z;
  y = y + e * -2.12194440e-4f;
  y = y - 0.5f * z;
  const float finite = (r + y) + e * 0.693359375f;
  const float positive = x < __builtin_inff() ? finite : x;
  return x > 0 ? positive : x == 0 ? -__builtin_inff() : __builtin_nanf("");
}

// ln(1 + u) for 0 <= u <= 1: what rounding 1 + u took away is put back to first order.
PARE_INLINE float pare_logarithm_of_one_plus(float u) {
  const float w = 1.0f + u;
  return pare_logarithm(w) + (u - (w - 1.0f)) / w;
}

// exp(-x x) from x, with what rounding x x took away put back: so it stays accurate where x x is large.
PARE_INLINE float pare_bell(float x, float scale) {
  const float square = x * x;
  const float high = pare_from_bits(pare_bits(x) & 0xfffff000u), low = x - high;
  const float rest = ((high * high - square) + 2.0f * high * low) + low * low;
  const float value = pare_exponential(-scale * square);
  // Beyond where it underflows the rest may be no number.
  return value > 0 ? value - value * (scale * rest) : value;
}

// erfc(z) for z >= 0 from exp(-z z), within 4 units in the last place where it is normal.
//
// erfc(z) exp(z z) = t P(t) with t = 1 / (1 + 0.4 z): a polynomial of degree 9, fitted to least relative error (8e-9) by
// reweighted least squares at 4000 Chebyshev points of t for z up to 10.
PARE_INLINE float pare_error_function_tail(float z, float bell) {
  const float t = 1.0f / (1.0f + 0.4f * z);
  float p = -2.959433757e-02f;
  p = p * t + 1.980132163e-01f;
  p = p * t - 4.988115132e-01f;
  p = p * t + 5.474354625e-01f;
  p = p * t - 2.843666971e-01f;
  p = p * t + 2.720662355e-01f;
  p = p * t + 1.296796054e-01f;
  p = p * t + 2.149191052e-01f;
  p = p * t + 2.249520272e-01f;
  p = p * t + 2.257069051e-01f;
  return bell * (t * p);
}

// erf(t) for |t| <= 1. Coefficients: Cephes, erff.
PARE_INLINE float pare_error_function_core(float t) {
  const float z = t * t;
  float p = 7.853861353153693e-5f;
  p = p * z - 8.010193625184903e-4f;
  p = p * z + 5.188327685732524e-3f;
  p = p * z - 2.685381193529856e-2f;
  p = p * z + 1.128358514861418e-1f;
  p = p * z - 3.761262582423300e-1f;
  p = p * z + 1.128379165726710e+0f;
  return p * t;
}

PARE_INLINE float pare_error_function(float x) {
  const float t = __builtin_fabsf(x);
  const float far = 1.0f - pare_error_function_tail(t, pare_bell(t, 1.0f));
  return t < 1.0f ? pare_error_function_core(x) : t >= 1.0f ? __builtin_copysignf(far, x) : x;
}

// The standard normal distribution function from exp(-x x / 2), relative accuracy kept on the negative side.
PARE_INLINE float pare_normal_distribution(float x, float bell) {
  const float t = __builtin_fabsf(x) * 0.707106781186547524f;
  const float tail = 0.5f * pare_error_function_tail(t, bell);
  return x < 0 ? tail : 1.0f - tail;
}

#endif
