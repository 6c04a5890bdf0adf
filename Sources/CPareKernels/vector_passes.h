// Private: how one source yields a kernel per instruction set. A variant's file defines PARE_VARIANT (its name) and
// PARE_TARGET (the attribute that allows its instructions), then includes the passes; the compiler vectorizes the
// loops for that target. Functions marked PARE_INLINE carry no target and dissolve into the kernels.
#ifndef PARE_VECTOR_PASSES_H
#define PARE_VECTOR_PASSES_H

#include "pare_training_kernels.h"

#define PARE_JOIN_(a, b) a##b
#define PARE_JOIN(a, b) PARE_JOIN_(a, b)
#define PARE_INLINE static inline __attribute__((always_inline))
#define PARE_KERNEL static PARE_TARGET

#if defined(__clang__)
#pragma clang fp contract(off)
#else
#pragma GCC optimize("fp-contract=off")
#endif

#define PARE_LANES 16

// Sixteen numbers: one register, two or four, as the variant has them. Macros, since a function that passes vectors
// would need the variant's target itself.
typedef float pare_v16 __attribute__((vector_size(64), aligned(4), may_alias));
#define PARE_LOAD16(x) (*(const pare_v16 *)(x))
#define PARE_STORE16(x, value) (*(pare_v16 *)(x) = (value))

// a * b + c, rounded once: by an instruction where the variant has it, else by the library, to the same bits. Wherever
// a kernel fuses, every variant does.
#define PARE_FUSED16(a, b, c) __builtin_elementwise_fma(a, b, c)

// The partial sums of a long sum, added in halves: a fixed order.
PARE_INLINE float pare_lanes_sum(float lanes[PARE_LANES]) {
  for (size_t half = PARE_LANES / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

PARE_INLINE uint32_t pare_bits(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

PARE_INLINE float pare_from_bits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

// Correctly rounded, and without errno, which would keep a loop from being vectorized.
PARE_INLINE float pare_square_root(float x) {
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
  return __builtin_elementwise_sqrt(x);
#else
  return __builtin_sqrtf(x);
#endif
#else
  return __builtin_sqrtf(x);
#endif
}

// e to the x, within 2 units in the last place where the result is normal; NaN stays NaN.
//
// x = n ln 2 + r with |r| <= ln 2 / 2, ln 2 split in two so that n ln 2 is exact in its first part; a polynomial of
// degree 7 for e to the r; 2 to the n applied in two factors, so that overflow and underflow come out right.
// Coefficients: Cephes, expf.
PARE_INLINE float pare_exponential(float x) {
  float t = x < -104.0f ? -104.0f : x;
  t = t > 89.0f ? 89.0f : t;
  const float rounder = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  const float shifted = t * 1.44269504088896341f + rounder;
  const int32_t n = (int32_t)(pare_bits(shifted) - pare_bits(rounder));
  const float whole = shifted - rounder;
  float r = t - whole * 0.693359375f;
  r = r - whole * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float e = p * (r * r) + r + 1.0f;
  const int32_t first = n >> 1;
  const float scale1 = pare_from_bits((uint32_t)(first + 127) << 23);
  const float scale2 = pare_from_bits((uint32_t)(n - first + 127) << 23);
  return e * scale1 * scale2;
}

// Below 0.625 an odd polynomial (Cephes, tanhf), above it 1 - 2 / (exp(2|x|) + 1) with the sign put back.
PARE_INLINE float pare_hyperbolic_tangent(float x) {
  const float magnitude = __builtin_fabsf(x);
  const float far = 1.0f - 2.0f / (pare_exponential(2.0f * magnitude) + 1.0f);
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float near = p * z * x + x;
  return magnitude < 0.625f ? near : __builtin_copysignf(far, x);
}

PARE_INLINE float pare_sigmoid(float x) { return 1.0f / (1.0f + pare_exponential(-x)); }

#endif
