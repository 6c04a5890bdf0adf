#include "cases.h"

// What is done to features: the search for NaN, normalization, quantization (docs/integer-arithmetic.md, §2).

static const int counts[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65};

static void find_nan(pare_case_walk *walk, int count, int position) {
  float *x = pare_place_block(walk, (size_t)count * 4);
  int32_t *expected = pare_place_block(walk, 4);
  pare_find_nan *step = pare_place_block(walk, sizeof *step);
  for (int i = 0; i < count; i++) x[i] = pare_draw(walk);
  if (position >= 0) x[position] = NAN;
  *expected = position >= 0;
  *step = (pare_find_nan){.count = count, .rows = 1};
  pare_case one = {
    .operands = step, .input = x, .input_bytes = (size_t)count * 4, .output_bytes = 4, .expected = expected};
  snprintf(one.name, sizeof one.name, "find_nan of %d, NaN at %d", count, position);
  pare_run_case(walk, &one);
}

static void normalize(pare_case_walk *walk, pare_operation operation, int count, float low, float high, int zero_point) {
  const size_t padded = pare_up((size_t)count, PARE_TILE);
  float *x = pare_place_block(walk, (size_t)count * 4), *y = pare_place_block(walk, (size_t)count * 4);
  float *offset = pare_place_block(walk, padded * 4), *scale = pare_place_block(walk, padded * 4);
  uint8_t *q = pare_place_block(walk, (size_t)count);
  for (size_t i = 0; i < padded; i++) {
    offset[i] = pare_draw(walk);
    scale[i] = pare_draw(walk);
  }
  const float special[] = {NAN, INFINITY, -INFINITY, 1e30f, -0.0f};
  for (int i = 0; i < count; i++) {
    x[i] = pare_below(walk, 6) == 0 ? special[pare_below(walk, 5)] : pare_draw(walk);
    volatile float difference = x[i] - offset[i];
    volatile float product = difference * scale[i];
    y[i] = product < low ? low : product;
    y[i] = y[i] > high ? high : y[i];
    const float t = y[i] * 31.875f;
    q[i] = isnan(t) ? (uint8_t)zero_point
                    : (uint8_t)((int)nearbyintf(fminf(fmaxf(t, (float)-zero_point), (float)(255 - zero_point))) + zero_point);
  }
  pare_normalize *step = pare_place_block(walk, sizeof *step);
  *step = (pare_normalize){
    .count = count, .offset = offset, .scale = scale, .low = low, .high = high, .reciprocal = 31.875f,
    .zero_point = zero_point};
  const int is_quantized = operation == pare_operation_quantize_f32_u8;
  pare_case one = {
    .operands = step, .input = x, .input_bytes = (size_t)count * 4, .output_bytes = (size_t)count * (is_quantized ? 1 : 4),
    .expected = is_quantized ? (const void *)q : y};
  // NaN need not have the same bits.
  double *bounds = pare_place_block(walk, (size_t)count * sizeof *bounds);
  if (!is_quantized) {
    int has_nan = 0;
    for (int i = 0; i < count; i++) has_nan |= isnan(y[i]) || isinf(y[i]);
    one.bounds = has_nan ? NULL : bounds;
  }
  snprintf(
    one.name, sizeof one.name, "%s of %d in %g ... %g, zero point %d", pare_operation_name(operation), count, (double)low,
    (double)high, zero_point);
  pare_run_case(walk, &one);
}

void pare_cases_of_inputs(pare_case_walk *walk, pare_operation operation) {
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    const int count = counts[i];
    if (operation == pare_operation_find_nan) {
      for (int at = 0; at < 4; at++) find_nan(walk, count, (int[]){-1, 0, count / 2, count - 1}[at]);
      continue;
    }
    for (int zero_point = 0; zero_point <= 255; zero_point += 85) {
      normalize(walk, operation, count, -4, 4, zero_point);
      normalize(walk, operation, count, -INFINITY, INFINITY, zero_point);
      normalize(walk, operation, count, 0, 1, zero_point);
    }
  }
}
