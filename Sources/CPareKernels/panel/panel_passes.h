// Private: rows of a panel, compiled once per instruction set. See vector_passes.h.
#include "../vector_passes.h"

// How many rows from `row` on have the same condition as it.
PARE_INLINE size_t run_of(const uint8_t *condition, size_t row, size_t rows) {
  size_t end = row + 1;
  while (end < rows && !condition[end] == !condition[row]) end++;
  return end - row;
}

// The greater of two magnitudes, which their bits are in order of; infinity and NaN are above all numbers.
PARE_INLINE uint32_t greater(uint32_t magnitude, float x) {
  const uint32_t other = pare_bits(x) & 0x7fffffffu;
  return other > magnitude ? other : magnitude;
}

PARE_KERNEL int32_t present(
    const float *x, const uint8_t *condition, float fill, float *y, size_t rows, size_t columns) {
  uint32_t largest = 0;
  for (size_t row = 0; row < rows;) {
    const size_t run = run_of(condition, row, rows), count = run * columns;
    float *restrict to = y + row * columns;
    if (condition[row]) {
      const float *restrict from = x + row * columns;
      for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
        largest = greater(largest, from[i]);
      }
    } else {
      for (size_t i = 0; i < count; i++) to[i] = fill;
    }
    row += run;
  }
  return largest < 0x7f800000u;
}

// docs/integer-arithmetic.md, section 2. Adding 1.5 * 2^23 rounds to an integer in the low bits, half to even.
PARE_INLINE uint8_t quantized(float x, float reciprocal, float low, float high, int32_t zero_point) {
  float t = x * reciprocal;
  t = t == t ? t : 0.0f;
  t = t < low ? low : t;
  t = t > high ? high : t;
  return (uint8_t)((int32_t)(pare_bits(t + 12582912.0f) - 0x4b400000u) + zero_point);
}

// Bytes of neighbouring numbers, and the greater of the magnitudes. A variant may have a quicker form, of equal bits.
#ifndef PARE_QUANTIZE_RUN
#define PARE_QUANTIZE_RUN quantize_run
PARE_INLINE uint32_t quantize_run(
    const float *restrict from, float reciprocal, int32_t zero_point, uint8_t *restrict to, size_t count, uint32_t largest) {
  const float low = (float)-zero_point, high = (float)(255 - zero_point);
  for (size_t i = 0; i < count; i++) {
    to[i] = quantized(from[i], reciprocal, low, high, zero_point);
    largest = greater(largest, from[i]);
  }
  return largest;
}
#endif

PARE_KERNEL int32_t present_u8(
    const float *x, const uint8_t *condition, float fill, float reciprocal, int32_t zero_point, uint8_t *q, size_t rows,
    size_t columns) {
  const uint8_t filled = quantized(fill, reciprocal, (float)-zero_point, (float)(255 - zero_point), zero_point);
  uint32_t largest = 0;
  for (size_t row = 0; row < rows;) {
    const size_t run = run_of(condition, row, rows), count = run * columns;
    uint8_t *restrict to = q + row * columns;
    if (condition[row]) {
      largest = PARE_QUANTIZE_RUN(x + row * columns, reciprocal, zero_point, to, count, largest);
    } else {
      __builtin_memset(to, filled, count);
    }
    row += run;
  }
  return largest < 0x7f800000u;
}

extern const pare_panel_kernels PARE_JOIN(pare_panel_kernels_, PARE_VARIANT);
const pare_panel_kernels PARE_JOIN(pare_panel_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .present = present, .present_u8 = present_u8,
};
