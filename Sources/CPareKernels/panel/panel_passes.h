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

typedef float pare_two __attribute__((vector_size(8), aligned(4), may_alias));
typedef float pare_four __attribute__((vector_size(16), aligned(4), may_alias));
typedef float pare_eight __attribute__((vector_size(32), aligned(4), may_alias));

// The numbers of the rows that sixteen neighbouring numbers of 1, 2, 4 or 8 columns belong to, each for all of its columns.
#define PARE_SPREAD_1(x) PARE_LOAD16(x)
#define PARE_SPREAD_2(x)                                                                                                    \
  __builtin_shufflevector(                                                                                                 \
    *(pare_eight *)(x), *(pare_eight *)(x), 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)
#define PARE_SPREAD_4(x)                                                                                                    \
  __builtin_shufflevector(*(pare_four *)(x), *(pare_four *)(x), 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)
#define PARE_SPREAD_8(x) __builtin_shufflevector(*(pare_two *)(x), *(pare_two *)(x), 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1)

typedef uint32_t pare_bits16 __attribute__((vector_size(64), aligned(4), may_alias));

// e to each of sixteen numbers of at most 0, within 2 units in the last place; 0 below -87. Polynomial: Cephes, expf, each step fused.
#define PARE_FALLING_EXPONENTIAL(e, x)                                                                                       \
  do {                                                                                                                     \
    const pare_v16 none = {0}, lowest = none - 87.0f, rounder = none + 12582912.0f, given = (x);                           \
    pare_v16 t_ = __builtin_elementwise_max(given, lowest);                                                                \
    pare_v16 shifted = PARE_FUSED16(t_, none + 1.44269504088896341f, rounder);                                             \
    const pare_v16 whole = shifted - rounder;                                                                              \
    pare_v16 r_ = PARE_FUSED16(whole, none - 0.693359375f, t_);                                                            \
    r_ = PARE_FUSED16(whole, none + 2.12194440e-4f, r_);                                                                   \
    pare_v16 p_ = PARE_FUSED16(none + 1.9875691500e-4f, r_, none + 1.3981999507e-3f);                                      \
    p_ = PARE_FUSED16(p_, r_, none + 8.3334519073e-3f);                                                                    \
    p_ = PARE_FUSED16(p_, r_, none + 4.1665795894e-2f);                                                                    \
    p_ = PARE_FUSED16(p_, r_, none + 1.6666665459e-1f);                                                                    \
    p_ = PARE_FUSED16(p_, r_, none + 5.0000001201e-1f);                                                                    \
    p_ = PARE_FUSED16(p_, r_ * r_, r_) + 1.0f;                                                                             \
    const pare_bits16 power = ((pare_bits16)shifted - 0x4b400000u + 127u) << 23;                                           \
    e = (pare_v16)((pare_bits16)(p_ * (pare_v16)power) & (pare_bits16)(given >= lowest));                                  \
  } while (0)

// The columns of a divisor of 16: sixteen neighbouring numbers are whole rows, and a lane always meets the same column.
#define PARE_WEIGHTED(columns)                                                                                              \
  do {                                                                                                                     \
    pare_v16 most = PARE_LOAD16(largest);                                                                                  \
    for (; row + 16 / (columns) <= rows; row += 16 / (columns)) {                                                          \
      most = __builtin_elementwise_max(most, PARE_LOAD16(x + row * (columns)) + PARE_SPREAD_##columns(bias + row));        \
    }                                                                                                                      \
    PARE_STORE16(largest, most);                                                                                           \
    for (size_t rest = row; rest < rows; rest++)                                                                           \
      for (size_t lane = 0; lane < (columns); lane++) {                                                                    \
        const float last = x[rest * (columns) + lane] + bias[rest];                                                        \
        largest[lane] = last > largest[lane] ? last : largest[lane];                                                       \
      }                                                                                                                    \
    fold_largest(largest, columns);                                                                                        \
    most = PARE_LOAD16(largest);                                                                                           \
    pare_v16 weight = {0}, sum = {0}, e;                                                                                   \
    for (size_t whole_row = 0; whole_row < row; whole_row += 16 / (columns)) {                                             \
      PARE_FALLING_EXPONENTIAL(e, PARE_LOAD16(x + whole_row * (columns)) + PARE_SPREAD_##columns(bias + whole_row) - most); \
      weight += e;                                                                                                         \
      sum = PARE_FUSED16(e, PARE_LOAD16(values + whole_row * (columns)), sum);                                             \
    }                                                                                                                      \
    PARE_STORE16(weights, weight);                                                                                         \
    PARE_STORE16(sums, sum);                                                                                               \
  } while (0)

// The largest of each column in all of its lanes.
PARE_INLINE void fold_largest(float largest[16], const size_t columns) {
  for (size_t lane = columns; lane < 16; lane++) {
    const size_t column = lane % columns;
    largest[column] = largest[lane] > largest[column] ? largest[lane] : largest[column];
  }
  for (size_t lane = columns; lane < 16; lane++) largest[lane] = largest[lane % columns];
}

// Rows one by one: what is left of whole vectors, and columns of any number.
PARE_INLINE void weigh_rows(
    const float *x, const float *bias, const float *values, size_t row, size_t rows, size_t columns, size_t column,
    const float *largest, float *weights, float *sums) {
  for (; row < rows; row++) {
    const float e = pare_exponential(x[row * columns + column] + bias[row] - *largest);
    *weights += e;
    *sums += e * values[row * columns + column];
  }
}

PARE_KERNEL void weighted_columns(const float *x, const float *bias, const float *values, float *y, size_t rows, size_t columns) {
  if (columns > 8 || (columns & (columns - 1)) != 0) {
    for (size_t column = 0; column < columns; column++) {
      float largest = x[column] + bias[0], weights = 0, sums = 0;
      for (size_t row = 1; row < rows; row++) {
        const float t = x[row * columns + column] + bias[row];
        largest = t > largest ? t : largest;
      }
      weigh_rows(x, bias, values, 0, rows, columns, column, &largest, &weights, &sums);
      y[column] = sums / weights;
    }
    return;
  }
  float largest[16], weights[16], sums[16];  // by lane
  size_t row = 0;
  for (size_t lane = 0; lane < 16; lane++) {
    largest[lane] = x[lane % columns] + bias[0];
  }
  switch (columns) {
    case 1: PARE_WEIGHTED(1); break;
    case 2: PARE_WEIGHTED(2); break;
    case 4: PARE_WEIGHTED(4); break;
    default: PARE_WEIGHTED(8);
  }
  for (size_t lane = columns; lane < 16; lane++) {
    weights[lane % columns] += weights[lane];
    sums[lane % columns] += sums[lane];
  }
  for (size_t column = 0; column < columns; column++) {
    weigh_rows(x, bias, values, row, rows, columns, column, &largest[column], &weights[column], &sums[column]);
    y[column] = sums[column] / weights[column];
  }
}

extern const pare_panel_kernels PARE_JOIN(pare_panel_kernels_, PARE_VARIANT);
const pare_panel_kernels PARE_JOIN(pare_panel_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .present = present, .present_u8 = present_u8, .weighted_columns = weighted_columns,
};
