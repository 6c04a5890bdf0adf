// Private: products of small matrices and attention over one head, compiled once per instruction set. See
// vector_passes.h.
//
// A head's scores fit in the first caches, so that everything from the scores to the weighted values is computed there,
// and the gradient computes the weights again instead of keeping them. Every product sums in the order of its depth,
// each term fused into the sum: blocks may differ between variants, bits do not.
#include "../vector_passes.h"

// `rows` x `vectors` groups of 16 sums in registers. c[i, j] = (adds ? c[i, j] : 0) + sum over k of a[i, k] b[k, j].
PARE_INLINE void product_block(
    const float *a, size_t a_row, size_t a_depth, const float *b, size_t b_depth, float *c, size_t c_row, size_t depth,
    const size_t rows, const size_t vectors, bool adds) {
  pare_v16 sums[8][2];
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < vectors; j++) {
      if (adds) sums[i][j] = PARE_LOAD16(c + i * c_row + 16 * j);
      else sums[i][j] = (pare_v16){0};
    }
  }
  for (size_t k = 0; k < depth; k++) {
    for (size_t i = 0; i < rows; i++) {
      const float factor = a[i * a_row + k * a_depth];
      const pare_v16 factors = {factor, factor, factor, factor, factor, factor, factor, factor,
                                factor, factor, factor, factor, factor, factor, factor, factor};
      for (size_t j = 0; j < vectors; j++) {
        sums[i][j] = PARE_FUSED16(factors, PARE_LOAD16(b + k * b_depth + 16 * j), sums[i][j]);
      }
    }
  }
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < vectors; j++) PARE_STORE16(c + i * c_row + 16 * j, sums[i][j]);
  }
}

// c = a b, with b's rows at b_depth and c's at c_row, both padded to groups of 16 columns.
PARE_INLINE void product(
    const float *a, size_t a_row, size_t a_depth, const float *b, size_t b_depth, float *c, size_t c_row, size_t rows,
    size_t depth, size_t columns, bool adds) {
  const size_t width = pare_padded(columns);
  size_t j = 0;
  for (; j + 32 <= width; j += 32) {
    size_t i = 0;
    for (; i + PARE_WIDE_ROWS <= rows; i += PARE_WIDE_ROWS) {
      product_block(a + i * a_row, a_row, a_depth, b + j, b_depth, c + i * c_row + j, c_row, depth, PARE_WIDE_ROWS, 2, adds);
    }
    for (; i < rows; i++) product_block(a + i * a_row, a_row, a_depth, b + j, b_depth, c + i * c_row + j, c_row, depth, 1, 2, adds);
  }
  for (; j < width; j += 16) {
    size_t i = 0;
    for (; i + PARE_NARROW_ROWS <= rows; i += PARE_NARROW_ROWS) {
      product_block(a + i * a_row, a_row, a_depth, b + j, b_depth, c + i * c_row + j, c_row, depth, PARE_NARROW_ROWS, 1, adds);
    }
    for (; i + 2 <= rows; i += 2) product_block(a + i * a_row, a_row, a_depth, b + j, b_depth, c + i * c_row + j, c_row, depth, 2, 1, adds);
    for (; i < rows; i++) product_block(a + i * a_row, a_row, a_depth, b + j, b_depth, c + i * c_row + j, c_row, depth, 1, 1, adds);
  }
}

// Rows padded with zeros to groups of 16: packed[i, j] = x[i * row + j * column].
PARE_INLINE void pack(
    const float *restrict x, size_t row, size_t column, size_t rows, size_t columns, float *restrict packed) {
  const size_t width = pare_padded(columns);
  if (column == 1 && columns == 8) {
    for (size_t i = 0; i < rows; i++) {
      for (size_t j = 0; j < 8; j++) packed[i * 16 + j] = x[i * row + j];
      for (size_t j = 8; j < 16; j++) packed[i * 16 + j] = 0;
    }
  } else if (column == 1) {
    for (size_t i = 0; i < rows; i++) {
      for (size_t j = 0; j < columns; j++) packed[i * width + j] = x[i * row + j];
      for (size_t j = columns; j < width; j++) packed[i * width + j] = 0;
    }
  } else {
    for (size_t i = 0; i < rows; i++) {
      for (size_t j = columns; j < width; j++) packed[i * width + j] = 0;
    }
    for (size_t j = 0; j < columns; j++) {
      for (size_t i = 0; i < rows; i++) packed[i * width + j] = x[i * row + j * column];
    }
  }
}

// The padded rows of a product to where they belong.
PARE_INLINE void unpack(const float *restrict packed, size_t rows, size_t columns, float *restrict y, size_t row, bool adds) {
  const size_t width = pare_padded(columns);
  for (size_t i = 0; i < rows; i++) {
    if (adds) {
      for (size_t j = 0; j < columns; j++) y[i * row + j] += packed[i * width + j];
    } else {
      for (size_t j = 0; j < columns; j++) y[i * row + j] = packed[i * width + j];
    }
  }
}

// A long sum with eight columns, whose rows of b are read as sixteen without packing them: what the others give is left. The last row,
// behind which nothing may be read, comes by way of memory. c's rows follow one another.
PARE_INLINE void eight_columns(
    const float *a, size_t a_row, size_t a_depth, const float *b, float *c, size_t rows, size_t depth) {
  float end[16] = {0}, block[8 * 16];
  for (size_t j = 0; j < 8; j++) end[j] = b[(depth - 1) * 8 + j];
  for (size_t i = 0; i < rows; i += 8) {
    const size_t count = rows - i < 8 ? rows - i : 8;
    product(a + i * a_row, a_row, a_depth, b, 8, block, 16, count, depth - 1, 16, false);
    product(a + i * a_row + (depth - 1) * a_depth, a_row, a_depth, end, 16, block, 16, count, 1, 16, true);
    for (size_t r = 0; r < count; r++) {
      for (size_t j = 0; j < 8; j++) c[(i + r) * 8 + j] = block[r * 16 + j];
    }
  }
}

// Every second number of two registers, from `first` on.
#define PARE_EVERY_SECOND(left, right, first)                                                                               \
  __builtin_shufflevector(                                                                                                \
    left, right, first, first + 2, first + 4, first + 6, first + 8, first + 10, first + 12, first + 14, first + 16, first + 18, first + 20,   \
    first + 22, first + 24, first + 26, first + 28, first + 30)

// One column of depth 2 or 4, a's rows side by side: sixteen rows at a time, turned over.
PARE_INLINE void one_column(const float *a, const float *b, float *c, size_t rows, const size_t depth) {
  const pare_v16 zero = {0};
  size_t i = 0;
  for (; i + 16 <= rows; i += 16) {
    const float *from = a + depth * i;
    pare_v16 sum;
    if (depth == 2) {
      pare_v16 v0 = PARE_LOAD16(from), v1 = PARE_LOAD16(from + 16);
      sum = PARE_FUSED16(PARE_EVERY_SECOND(v0, v1, 0), zero + b[0], zero);
      sum = PARE_FUSED16(PARE_EVERY_SECOND(v0, v1, 1), zero + b[1], sum);
    } else {
      pare_v16 v0 = PARE_LOAD16(from), v1 = PARE_LOAD16(from + 16), v2 = PARE_LOAD16(from + 32), v3 = PARE_LOAD16(from + 48);
      pare_v16 even0 = PARE_EVERY_SECOND(v0, v1, 0), even1 = PARE_EVERY_SECOND(v2, v3, 0);
      pare_v16 odd0 = PARE_EVERY_SECOND(v0, v1, 1), odd1 = PARE_EVERY_SECOND(v2, v3, 1);
      sum = PARE_FUSED16(PARE_EVERY_SECOND(even0, even1, 0), zero + b[0], zero);
      sum = PARE_FUSED16(PARE_EVERY_SECOND(odd0, odd1, 0), zero + b[1], sum);
      sum = PARE_FUSED16(PARE_EVERY_SECOND(even0, even1, 1), zero + b[2], sum);
      sum = PARE_FUSED16(PARE_EVERY_SECOND(odd0, odd1, 1), zero + b[3], sum);
    }
    PARE_STORE16(c + i, sum);
  }
  for (; i < rows; i++) {
    float sum = 0;
    for (size_t k = 0; k < depth; k++) sum = __builtin_fmaf(a[depth * i + k], b[k], sum);
    c[i] = sum;
  }
}

PARE_KERNEL void products(
    const float *a, size_t a_row, size_t a_depth, size_t a_step, const float *b, size_t b_depth, size_t b_column,
    size_t b_step, float *c, size_t rows, size_t depth, size_t columns, size_t count, float *scratch) {
  const size_t width = pare_padded(columns);
  const bool fits = width == columns;
  for (size_t index = 0; index < count; index++) {
    const float *left = a + index * a_step, *right = b + index * b_step;
    float *result = c + index * rows * columns;
    size_t right_step = b_depth;
    if (columns == 8 && b_column == 1 && b_depth == 8 && depth >= 32) {
      eight_columns(left, a_row, a_depth, right, result, rows, depth);
      continue;
    }
    if (columns == 1 && (depth == 2 || depth == 4) && a_depth == 1 && a_row == depth && b_depth == 1) {
      if (depth == 2) one_column(left, right, result, rows, 2);
      else one_column(left, right, result, rows, 4);
      continue;
    }
    if (!fits || b_column != 1) {
      pack(right, b_depth, b_column, depth, columns, scratch);
      right = scratch;
      right_step = width;
    }
    if (fits) {
      product(left, a_row, a_depth, right, right_step, result, columns, rows, depth, columns, false);
      continue;
    }
    // Whole groups go straight to their place; in each row the last, which would reach into the next, by way of memory.
    const size_t whole = columns / 16 * 16;
    if (whole > 0) product(left, a_row, a_depth, right, right_step, result, columns, rows, depth, whole, false);
    size_t i = 0;
    for (; columns == 8 && i + 8 <= rows; i += 8) {
      float last[8 * 16];
      product(left + i * a_row, a_row, a_depth, right, right_step, last, 16, 8, depth, 16, false);
      for (size_t r = 0; r < 8; r++) {
        for (size_t j = 0; j < 8; j++) result[(i + r) * 8 + j] = last[r * 16 + j];
      }
    }
    for (; i + 8 <= rows; i += 8) {
      float last[8 * 16];
      product(left + i * a_row, a_row, a_depth, right + whole, right_step, last, 16, 8, depth, 16, false);
      for (size_t r = 0; r < 8; r++) {
        for (size_t j = whole; j < columns; j++) result[(i + r) * columns + j] = last[r * 16 + j - whole];
      }
    }
    for (; i < rows; i++) {
      float last[16];
      product(left + i * a_row, a_row, a_depth, right + whole, right_step, last, 16, 1, depth, 16, false);
      for (size_t j = whole; j < columns; j++) result[i * columns + j] = last[j - whole];
    }
  }
}

// e to the x for x at most 0, within 2 units in the last place; 0 below -87, where it is next to nothing beside the 1 of
// a row's largest score. As pare_exponential, each step fused.
PARE_INLINE float weight(float x) {
  const float t = x < -87.0f ? -87.0f : x;
  const float rounder = 12582912.0f;
  const float shifted = __builtin_fmaf(t, 1.44269504088896341f, rounder);
  const uint32_t n = pare_bits(shifted) - pare_bits(rounder);
  const float whole = shifted - rounder;
  float r = __builtin_fmaf(whole, -0.693359375f, t);
  r = __builtin_fmaf(whole, 2.12194440e-4f, r);
  float p = 1.9875691500e-4f;
  p = __builtin_fmaf(p, r, 1.3981999507e-3f);
  p = __builtin_fmaf(p, r, 8.3334519073e-3f);
  p = __builtin_fmaf(p, r, 4.1665795894e-2f);
  p = __builtin_fmaf(p, r, 1.6666665459e-1f);
  p = __builtin_fmaf(p, r, 5.0000001201e-1f);
  const float e = __builtin_fmaf(p, r * r, r) + 1.0f;
  const float power = e * pare_from_bits((n + 127) << 23);
  return x < -87.0f ? 0.0f : power;
}

// The weights of every query, rows of pare_padded(keys) numbers, those behind the keys 0. packed is overwritten.
PARE_INLINE void weigh(const pare_attention_head *h, float *restrict weights, float *restrict packed) {
  const size_t width = pare_padded(h->keys);
  pack(h->k, 1, h->k_stride, h->size, h->keys, packed);
  product(h->q, h->q_stride, 1, packed, width, weights, width, h->queries, h->size, h->keys, false);
  for (size_t i = 0; i < h->queries; i++) {
    float *restrict row = weights + i * width;
    if (h->bias) {
      const float *restrict bias = h->bias + i * width;
      for (size_t j = 0; j < h->keys; j++) row[j] = row[j] * h->scale + bias[j];
    } else {
      for (size_t j = 0; j < width; j++) row[j] *= h->scale;
    }
    for (size_t j = h->keys; j < width; j++) row[j] = -__builtin_inff();
    pare_v16 highest = PARE_LOAD16(row);
    for (size_t j = 16; j < width; j += 16) highest = __builtin_elementwise_max(highest, PARE_LOAD16(row + j));
    float lanes[PARE_LANES];
    PARE_STORE16(lanes, highest);
    for (size_t half = PARE_LANES / 2; half > 0; half /= 2) {
      for (size_t lane = 0; lane < half; lane++) lanes[lane] = lanes[lane + half] > lanes[lane] ? lanes[lane + half] : lanes[lane];
    }
    // A query without a key stays at minus infinity.
    const float shift = lanes[0] == -__builtin_inff() ? 0 : lanes[0];
    for (size_t j = 0; j < width; j++) row[j] -= shift;
  }
  // All rows in one pass: the exponential of one row is too short to fill the pipeline.
  for (size_t i = 0; i < h->queries * width; i++) weights[i] = weight(weights[i]);
  for (size_t i = 0; i < h->queries; i++) {
    float *restrict row = weights + i * width;
    pare_v16 sum = PARE_LOAD16(row);
    for (size_t j = 16; j < width; j += 16) sum += PARE_LOAD16(row + j);
    float lanes[PARE_LANES];
    PARE_STORE16(lanes, sum);
    const float total = pare_lanes_sum(lanes);
    const float reciprocal = total == 0 ? 0 : 1.0f / total;
    for (size_t j = 0; j < width; j++) row[j] *= reciprocal;
  }
}

// target = (adds ? target : 0) + weights' x or weights x, of `rows` rows as wide as x's.
PARE_INLINE void gather(
    const float *weights, size_t row, size_t depth_step, size_t rows, const float *x, size_t x_stride, size_t depth,
    size_t columns, float *target, size_t stride, bool adds, float *packed) {
  const size_t width = pare_padded(columns);
  if (columns == width) {
    product(weights, row, depth_step, x, x_stride, target, stride, rows, depth, columns, adds);
    return;
  }
  pack(x, x_stride, 1, depth, columns, packed);
  float *result = packed + depth * width;
  product(weights, row, depth_step, packed, width, result, width, rows, depth, columns, false);
  unpack(result, rows, columns, target, stride, adds);
}

PARE_KERNEL void attention(const pare_attention_head *h, float *y, size_t y_stride, float *scratch) {
  const size_t width = pare_padded(h->keys);
  float *weights = scratch;
  float *packed = scratch + 2 * h->queries * width;
  weigh(h, weights, packed);
  gather(weights, width, 1, h->queries, h->v, h->v_stride, h->keys, h->value_size, y, y_stride, false, packed);
}

PARE_KERNEL void attention_gradient(
    const pare_attention_head *h, const float *dy, size_t y_stride, float *dq, float *dk, float *dv, bool adds,
    float *scratch) {
  const size_t width = pare_padded(h->keys);
  float *weights = scratch;
  float *slopes = weights + h->queries * width;
  float *packed = slopes + h->queries * width;
  weigh(h, weights, packed);
  gather(weights, 1, width, h->keys, dy, y_stride, h->queries, h->value_size, dv, h->v_stride, adds, packed);
  pack(h->v, 1, h->v_stride, h->value_size, h->keys, packed);
  product(dy, y_stride, 1, packed, width, slopes, width, h->queries, h->value_size, h->keys, false);
  for (size_t i = 0; i < h->queries; i++) {
    const float *restrict p = weights + i * width;
    float *restrict d = slopes + i * width;
    pare_v16 sum = {0};
    for (size_t j = 0; j < width; j += 16) sum += PARE_LOAD16(p + j) * PARE_LOAD16(d + j);
    float sums[PARE_LANES];
    PARE_STORE16(sums, sum);
    const float inner = pare_lanes_sum(sums);
    for (size_t j = 0; j < width; j++) d[j] = p[j] * (d[j] - inner) * h->scale;
  }
  gather(slopes, width, 1, h->queries, h->k, h->k_stride, h->keys, h->size, dq, h->q_stride, false, packed);
  gather(slopes, 1, width, h->keys, h->q, h->q_stride, h->queries, h->size, dk, h->k_stride, adds, packed);
}

extern const pare_attention_kernels PARE_JOIN(pare_attention_kernels_, PARE_VARIANT);
const pare_attention_kernels PARE_JOIN(pare_attention_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .products = products, .attention = attention, .attention_gradient = attention_gradient,
};
