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

typedef struct {
  float dx, share;
} pare_fake_quantize_slope;

PARE_INLINE pare_fake_quantize_slope pare_fake_quantize_backward(
    float dy, float x, float reciprocal, float low, float high) {
  const float quotient = x * reciprocal;
  // One step beyond the bounds is outside for certain, and small enough to be rounded.
  const float level = pare_rounded(pare_clamped(quotient, low - 1, high + 1));
  const int inside = (level >= low) & (level <= high);
  const float slope = inside ? level - quotient : pare_clamped(level, low, high);
  const int number = quotient == quotient;
  return (pare_fake_quantize_slope){inside ? dy : 0.0f, number ? dy * slope : 0.0f};
}

PARE_KERNEL void fake_quantize_gradient(
    const float *dy, const float *x, const float *scale, float low, float high, float *dx, float *scale_gradient,
    float factor, pare_scale_blocks shape) {
  for (size_t row = 0; row < shape.rows; row++) {
    for (size_t start = 0; start < shape.extent; start += shape.block) {
      const size_t rest = shape.extent - start, count = rest < shape.block ? rest : shape.block;
      const size_t offset = row * shape.extent + start;
      const float *restrict d = dy + offset, *restrict u = x + offset;
      float *restrict z = dx + offset;
      const float reciprocal = 1.0f / *scale++;
      float lanes[PARE_LANES] = {0};
      size_t i = 0;
      for (; i + PARE_LANES <= count; i += PARE_LANES) {
        for (size_t lane = 0; lane < PARE_LANES; lane++) {
          const pare_fake_quantize_slope slope =
              pare_fake_quantize_backward(d[i + lane], u[i + lane], reciprocal, low, high);
          z[i + lane] = slope.dx;
          lanes[lane] += slope.share;
        }
      }
      for (size_t lane = 0; i + lane < count; lane++) {
        const pare_fake_quantize_slope slope =
            pare_fake_quantize_backward(d[i + lane], u[i + lane], reciprocal, low, high);
        z[i + lane] = slope.dx;
        lanes[lane] += slope.share;
      }
      if (scale_gradient) *scale_gradient++ = pare_lanes_sum(lanes) * factor;
    }
  }
}

PARE_UNARY(binarize, x >= 0 ? 1.0f : -1.0f)
