// Private: convolutions over planes that lie flat, compiled once per instruction set. See vector_passes.h.
//
// PARE_CONVOLUTION_TILE is how many vectors of PARE_LANES elements a tile spans: as many as fill the registers beside
// PARE_CONVOLUTION_ROWS rows. It does not change the order in which an element is summed.
#include "../vector_passes.h"

#define PARE_CONVOLUTION_INLINE static inline __attribute__((always_inline)) PARE_TARGET
#define ROWS PARE_CONVOLUTION_ROWS

typedef float lanes_f32 __attribute__((ext_vector_type(PARE_LANES), aligned(4)));

PARE_KERNEL void gather_runs(const float *x, const pare_run *runs, size_t count, size_t step, float *packed) {
  for (const pare_run *run = runs, *end = runs + count; run != end; run++) {
    const float *restrict from = x + run->from;
    float *restrict to = packed + run->to;
    if (step == 1) {
      for (size_t i = 0; i < run->count; i++) to[i] = from[i];
    } else if (step == 2) {
      for (size_t i = 0; i < run->count; i++) to[i] = from[2 * i];
    } else {
      for (size_t i = 0; i < run->count; i++) to[i] = from[i * step];
    }
  }
}

PARE_KERNEL void scatter_runs(const float *packed, const pare_run *runs, size_t count, size_t step, float *x) {
  for (const pare_run *run = runs, *end = runs + count; run != end; run++) {
    const float *restrict from = packed + run->to;
    float *restrict to = x + run->from;
    if (step == 1) {
      for (size_t i = 0; i < run->count; i++) to[i] = from[i];
    } else {
      for (size_t i = 0; i < run->count; i++) to[i * step] = from[i];
    }
  }
}

PARE_KERNEL void pack_weights(
    const float *weights, size_t rows, size_t row_stride, const size_t *term_offsets, size_t terms, float *packed) {
  for (size_t first = 0; first < rows; first += ROWS) {
    for (size_t term = 0; term < terms; term++) {
      for (size_t row = 0; row < ROWS; row++) {
        *packed++ = first + row < rows ? weights[(first + row) * row_stride + term_offsets[term]] : 0;
      }
    }
  }
}

PARE_CONVOLUTION_INLINE void convolve_tile(
    const float *in, const size_t *offsets, size_t terms, const float *weights, const float *bias, float *out,
    size_t stride, bool relu, const size_t vectors) {
  lanes_f32 sums[ROWS][PARE_CONVOLUTION_TILE];
#pragma clang loop unroll(full)
  for (size_t row = 0; row < ROWS; row++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sums[row][v] = (lanes_f32)bias[row];
  }
  for (size_t term = 0; term < terms; term++) {
    const float *x = in + offsets[term];
    const float *w = weights + term * ROWS;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      const lanes_f32 value = *(const lanes_f32 *)(x + v * PARE_LANES);
#pragma clang loop unroll(full)
      for (size_t row = 0; row < ROWS; row++) {
        sums[row][v] = __builtin_elementwise_fma((lanes_f32)w[row], value, sums[row][v]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (size_t row = 0; row < ROWS; row++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      const lanes_f32 sum = sums[row][v];
      *(lanes_f32 *)(out + row * stride + v * PARE_LANES) = relu ? (sum < 0 ? (lanes_f32)0 : sum) : sum;
    }
  }
}

PARE_KERNEL void convolve(
    const float *in, const size_t *offsets, size_t terms, const float *weights, const float *bias, float *out,
    size_t stride, size_t rows, size_t vectors, bool relu) {
  for (size_t done = 0; done < vectors;) {
    const size_t rest = vectors - done;
    const size_t width = rest < PARE_CONVOLUTION_TILE ? rest : PARE_CONVOLUTION_TILE;
    const float *x = in + done * PARE_LANES;
    for (size_t row = 0; row < rows; row += ROWS) {
      const float *w = weights + row * terms;
      float *y = out + row * stride + done * PARE_LANES;
#define PARE_TILE_OF(n) convolve_tile(x, offsets, terms, w, bias + row, y, stride, relu, n)
      switch (width) {
      case 1: PARE_TILE_OF(1); break;
#if PARE_CONVOLUTION_TILE == 6
      case 2: PARE_TILE_OF(2); break;
      case 3: PARE_TILE_OF(3); break;
      case 4: PARE_TILE_OF(4); break;
      case 5: PARE_TILE_OF(5); break;
      default: PARE_TILE_OF(6);
#endif
      }
#undef PARE_TILE_OF
    }
    done += width;
  }
}

// In halves, as pare_lanes_sum.
PARE_CONVOLUTION_INLINE float sum_of_lanes(const lanes_f32 *lanes) {
  typedef float eight __attribute__((ext_vector_type(8)));
  typedef float four __attribute__((ext_vector_type(4)));
  const eight e = lanes->lo + lanes->hi;
  const four f = e.lo + e.hi;
  return (f.x + f.z) + (f.y + f.w);
}

PARE_CONVOLUTION_INLINE void correlate_tile(
    const float *narrow, size_t stride, const float *wide, const size_t *offsets, size_t vectors, float *weights,
    size_t weight_stride, size_t rows, const size_t terms) {
  lanes_f32 sums[ROWS][PARE_CONVOLUTION_TILE];
#pragma clang loop unroll(full)
  for (size_t row = 0; row < ROWS; row++) {
#pragma clang loop unroll(full)
    for (size_t term = 0; term < terms; term++) sums[row][term] = (lanes_f32)0;
  }
  for (size_t v = 0; v < vectors; v++) {
    const float *y = narrow + v * PARE_LANES;
    const float *x = wide + v * PARE_LANES;
    lanes_f32 values[ROWS];
#pragma clang loop unroll(full)
    for (size_t row = 0; row < ROWS; row++) values[row] = *(const lanes_f32 *)(y + row * stride);
#pragma clang loop unroll(full)
    for (size_t term = 0; term < terms; term++) {
      const lanes_f32 value = *(const lanes_f32 *)(x + offsets[term]);
#pragma clang loop unroll(full)
      for (size_t row = 0; row < ROWS; row++) {
        sums[row][term] = __builtin_elementwise_fma(values[row], value, sums[row][term]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (size_t row = 0; row < ROWS; row++) {
#pragma clang loop unroll(full)
    for (size_t term = 0; term < terms; term++) {
      const float sum = sum_of_lanes(&sums[row][term]);
      if (row < rows) weights[row * weight_stride + term] += sum;
    }
  }
}

PARE_KERNEL void correlate(
    const float *narrow, size_t stride, size_t rows, const float *wide, const size_t *offsets, size_t terms,
    size_t vectors, float *weights) {
  for (size_t row = 0; row < rows; row += ROWS) {
    const size_t height = rows - row;
    for (size_t term = 0; term < terms;) {
      const size_t rest = terms - term;
      const size_t width = rest < PARE_CONVOLUTION_TILE ? rest : PARE_CONVOLUTION_TILE;
#define PARE_TILE_OF(n)                                                                                    \
  correlate_tile(                                                                                          \
      narrow + row * stride, stride, wide, offsets + term, vectors, weights + row * terms + term, terms, height, n)
      switch (width) {
      case 1: PARE_TILE_OF(1); break;
#if PARE_CONVOLUTION_TILE == 6
      case 2: PARE_TILE_OF(2); break;
      case 3: PARE_TILE_OF(3); break;
      case 4: PARE_TILE_OF(4); break;
      case 5: PARE_TILE_OF(5); break;
      default: PARE_TILE_OF(6);
#endif
      }
#undef PARE_TILE_OF
      term += width;
    }
  }
}

#undef ROWS

extern const pare_convolution_kernels PARE_JOIN(pare_convolution_kernels_, PARE_VARIANT);
const pare_convolution_kernels PARE_JOIN(pare_convolution_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .gather_runs = gather_runs, .scatter_runs = scatter_runs,
  .pack_weights = pack_weights, .convolve = convolve, .correlate = correlate,
};
