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
    const float *restrict x, float scale, float low, float high, float *restrict y, size_t count) {
  const float reciprocal = 1.0f / scale;
  for (size_t i = 0; i < count; i++) {
    const float quotient = x[i] * reciprocal;
    const float number = quotient == quotient ? quotient : 0.0f;
    y[i] = pare_rounded(pare_clamped(number, low, high)) * scale;
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

PARE_KERNEL float fake_quantize_gradient(
    const float *restrict dy, const float *restrict x, float scale, float low, float high, float *restrict dx,
    size_t count) {
  const float reciprocal = 1.0f / scale;
  float lanes[PARE_LANES] = {0};
  size_t i = 0;
  for (; i + PARE_LANES <= count; i += PARE_LANES) {
    for (size_t lane = 0; lane < PARE_LANES; lane++) {
      const pare_fake_quantize_slope slope =
          pare_fake_quantize_backward(dy[i + lane], x[i + lane], reciprocal, low, high);
      dx[i + lane] = slope.dx;
      lanes[lane] += slope.share;
    }
  }
  for (size_t lane = 0; i + lane < count; lane++) {
    const pare_fake_quantize_slope slope =
        pare_fake_quantize_backward(dy[i + lane], x[i + lane], reciprocal, low, high);
    dx[i + lane] = slope.dx;
    lanes[lane] += slope.share;
  }
  return pare_lanes_sum(lanes);
}

PARE_UNARY(binarize, x >= 0 ? 1.0f : -1.0f)
