// Private: pools, compiled once per instruction set. See vector_passes.h.
#include "../vector_passes.h"

// The positions along an axis at which a tap meets an element: from *first, *count of them.
PARE_INLINE void positions_of_tap(const pare_window_axis *axis, size_t tap, size_t *first, size_t *count) {
  const size_t reach = tap * axis->dilation;
  *first = axis->padding > reach ? (axis->padding - reach + axis->stride - 1) / axis->stride : 0;
  const size_t end = axis->input + axis->padding > reach ? (axis->input + axis->padding - reach - 1) / axis->stride + 1 : 0;
  const size_t last = end < axis->output ? end : axis->output;
  *count = last > *first ? last - *first : 0;
}

PARE_KERNEL void maxima(const float *x, const pare_window *window, float *y, size_t planes) {
  const pare_window_axis *a = &window->axes[0], *b = &window->axes[1], *c = &window->axes[2];
  for (size_t plane = 0; plane < planes; plane++) {
    const float *values = x + plane * a->input * b->input * c->input;
    float *result = y + plane * a->output * b->output * c->output;
    for (size_t i = 0; i < a->output * b->output * c->output; i++) result[i] = -__builtin_inff();
    for (size_t ka = 0; ka < a->kernel; ka++) {
      size_t firstA, countA;
      positions_of_tap(a, ka, &firstA, &countA);
      for (size_t kb = 0; kb < b->kernel; kb++) {
        size_t firstB, countB;
        positions_of_tap(b, kb, &firstB, &countB);
        for (size_t kc = 0; kc < c->kernel; kc++) {
          size_t firstC, countC;
          positions_of_tap(c, kc, &firstC, &countC);
          if (!countC) continue;
          for (size_t i = firstA; i < firstA + countA; i++) {
            const size_t row = (i * a->stride + ka * a->dilation - a->padding) * b->input;
            for (size_t j = firstB; j < firstB + countB; j++) {
              const float *restrict from = values + (row + j * b->stride + kb * b->dilation - b->padding) * c->input
                                           + (firstC * c->stride + kc * c->dilation - c->padding);
              float *restrict to = result + (i * b->output + j) * c->output + firstC;
              if (c->stride == 1) {
                for (size_t k = 0; k < countC; k++) to[k] = from[k] > to[k] || from[k] != from[k] ? from[k] : to[k];
              } else {
                for (size_t k = 0; k < countC; k++) {
                  const float value = from[k * c->stride];
                  to[k] = value > to[k] || value != value ? value : to[k];
                }
              }
            }
          }
        }
      }
    }
  }
}

PARE_KERNEL void maxima_gradient(
    const float *dy, const float *x, const float *y, const pare_window *window, float *dx, size_t planes) {
  const pare_window_axis *a = &window->axes[0], *b = &window->axes[1], *c = &window->axes[2];
  for (size_t i = 0; i < planes * a->input * b->input * c->input; i++) dx[i] = 0;
  for (size_t plane = 0; plane < planes; plane++) {
    const size_t start = plane * a->input * b->input * c->input;
    for (size_t i = 0; i < a->output; i++) {
      for (size_t j = 0; j < b->output; j++) {
        for (size_t k = 0; k < c->output; k++, dy++, y++) {
          // A tap before the first element wraps around to a coordinate beyond the last.
          for (size_t ka = 0; ka < a->kernel; ka++) {
            const size_t u = i * a->stride + ka * a->dilation - a->padding;
            if (u >= a->input) continue;
            for (size_t kb = 0; kb < b->kernel; kb++) {
              const size_t v = j * b->stride + kb * b->dilation - b->padding;
              if (v >= b->input) continue;
              for (size_t kc = 0; kc < c->kernel; kc++) {
                const size_t w = k * c->stride + kc * c->dilation - c->padding;
                if (w >= c->input) continue;
                const size_t place = start + (u * b->input + v) * c->input + w;
                if (x[place] == *y || *y != *y) {
                  dx[place] += *dy;
                  goto found;
                }
              }
            }
          }
        found:;
        }
      }
    }
  }
}

extern const pare_pooling_kernels PARE_JOIN(pare_pooling_kernels_, PARE_VARIANT);
const pare_pooling_kernels PARE_JOIN(pare_pooling_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .maxima = maxima, .maxima_gradient = maxima_gradient,
};
