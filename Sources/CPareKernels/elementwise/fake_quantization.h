// Private, a part of elementwise_passes.h: real numbers as their integers stand for them, and the gradient of that.

// To an integer, ties to even, for magnitudes below 2^22. Gives +0 for what rounds to 0 from below.
PARE_INLINE float pare_rounded(float x) {
  const float rounder = 12582912.0f;  // 1.5 * 2^23
  return (x + rounder) - rounder;
}

// NaN gives neither bound, since it compares false.
PARE_INLINE float pare_clamped(float x, float low, float high) {
  const float raised = x < low ? low : x;
  return raised > high ? high : raised;
}

// Clamping first gives what rounding first does, because the bounds are integers.
PARE_KERNEL void fake_quantize(
    const float *x, const float *scale, float low, float high, float *y, pare_scale_blocks shape) {
  for (size_t row = 0; row < shape.rows; row++) {
    for (size_t start = 0; start < shape.extent; start += shape.block) {
      const size_t rest = shape.extent - start, count = rest < shape.block ? rest : shape.block;
      const float *restrict u = x + row * shape.extent + start;
      float *restrict z = y + row * shape.extent + start;
      const float step = *scale++, reciprocal = 1.0f / step;
      for (size_t i = 0; i < count; i++) {
        const float quotient = u[i] * reciprocal;
        const float number = quotient == quotient ? quotient : 0.0f;
        z[i] = pare_rounded(pare_clamped(number, low, high)) * step;
      }
    }
  }
}

typedef int32_t pare_mask16 __attribute__((vector_size(64), aligned(4), may_alias));
#define PARE_CHOOSE16(mask, a, b) ((pare_v16)(((mask) & (pare_mask16)(a)) | (~(mask) & (pare_mask16)(b))))

// Sixteen numbers: dx, and what is added to the sums. `below` and `above` lie one step beyond the bounds, which is outside
// for certain and small enough to be rounded. NaN is inside of nothing and counts for nothing.
#define PARE_FAKE_QUANTIZE_BACKWARD16(d, x, dx, sums)                                                     \
  do {                                                                                                    \
    const pare_v16 quotient = (x) * reciprocal;                                                           \
    pare_v16 level = PARE_CHOOSE16(quotient < below, below, quotient);                                    \
    level = PARE_CHOOSE16(level > above, above, level);                                                   \
    level = (level + rounder) - rounder;                                                                  \
    pare_v16 bound = PARE_CHOOSE16(level < lowest, lowest, level);                                        \
    bound = PARE_CHOOSE16(bound > highest, highest, bound);                                               \
    const pare_mask16 inside = level == bound;                                                            \
    const pare_v16 slope = PARE_CHOOSE16(inside, level - quotient, bound);                                \
    (dx) = PARE_CHOOSE16(inside, d, zero);                                                                \
    (sums) += PARE_CHOOSE16(quotient == quotient, (d) * slope, zero);                                     \
  } while (0)

PARE_KERNEL void fake_quantize_gradient(
    const float *dy, const float *x, const float *scale, float low, float high, float *dx, float *scale_gradient,
    float factor, pare_scale_blocks shape) {
  const pare_v16 zero = {0}, lowest = zero + low, highest = zero + high, below = lowest - 1, above = highest + 1;
  const pare_v16 rounder = zero + 12582912.0f;  // 1.5 * 2^23
  for (size_t row = 0; row < shape.rows; row++) {
    for (size_t start = 0; start < shape.extent; start += shape.block) {
      const size_t rest = shape.extent - start, count = rest < shape.block ? rest : shape.block;
      const size_t offset = row * shape.extent + start;
      const float *restrict d = dy + offset, *restrict u = x + offset;
      float *restrict z = dx + offset;
      const pare_v16 reciprocal = zero + 1.0f / *scale++;
      pare_v16 sums = zero;
      size_t i = 0;
      for (; i + PARE_LANES <= count; i += PARE_LANES) {
        pare_v16 result;
        PARE_FAKE_QUANTIZE_BACKWARD16(PARE_LOAD16(d + i), PARE_LOAD16(u + i), result, sums);
        PARE_STORE16(z + i, result);
      }
      if (i < count) {
        // Numbers that are not there have no gradient and add 0.
        float last[3][PARE_LANES] = {{0}};
        __builtin_memcpy(last[0], d + i, (count - i) * sizeof(float));
        __builtin_memcpy(last[1], u + i, (count - i) * sizeof(float));
        pare_v16 result;
        PARE_FAKE_QUANTIZE_BACKWARD16(PARE_LOAD16(last[0]), PARE_LOAD16(last[1]), result, sums);
        PARE_STORE16(last[2], result);
        __builtin_memcpy(z + i, last[2], (count - i) * sizeof(float));
      }
      if (!scale_gradient) continue;
      float lanes[PARE_LANES];
      PARE_STORE16(lanes, sums);
      *scale_gradient++ = pare_lanes_sum(lanes) * factor;
    }
  }
}

PARE_UNARY(binarize, x >= 0 ? 1.0f : -1.0f)
