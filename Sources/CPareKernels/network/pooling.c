#include "pare_network_kernels.h"

// The positions of an axis at which a tap meets an element.
static void positions(const pare_window_axis *axis, size_t tap, size_t *first, size_t *end) {
  const ptrdiff_t offset = (ptrdiff_t)(tap * axis->dilation) - (ptrdiff_t)axis->padding;
  const ptrdiff_t stride = (ptrdiff_t)axis->stride, room = (ptrdiff_t)axis->input - offset;
  const ptrdiff_t least = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  ptrdiff_t limit = room <= 0 ? 0 : (room - 1) / stride + 1;
  if (limit > (ptrdiff_t)axis->output) limit = (ptrdiff_t)axis->output;
  *first = (size_t)least;
  *end = (size_t)(limit > least ? limit : least);
}

static void maxima(const float *restrict x, size_t stride, float *restrict y, size_t count) {
  // NaN beats what is there, and nothing beats NaN.
  if (stride == 1) {
    for (size_t i = 0; i < count; i++) y[i] = x[i] > y[i] || x[i] != x[i] ? x[i] : y[i];
  } else if (stride == 2) {
    for (size_t i = 0; i < count; i++) y[i] = x[2 * i] > y[i] || x[2 * i] != x[2 * i] ? x[2 * i] : y[i];
  } else {
    for (size_t i = 0; i < count; i++) y[i] = x[i * stride] > y[i] || x[i * stride] != x[i * stride] ? x[i * stride] : y[i];
  }
}

// Tap by tap over all positions that have it, so that neighbours are compared at once. Rows of a plane that lie one behind
// the other, with a window that leaves the last axis alone, are one row.
PARE_STEP(maximum_pool) {
  const pare_maximum_pool_step *step = operands;
  pare_window_axis a = step->window.axes[0], b = step->window.axes[1], c = step->window.axes[2];
  size_t width = 1;
  if (c.kernel == 1 && c.stride == 1 && c.padding == 0 && c.output == c.input) {
    // y[i, j·w …] = max over x[i, j·w …]: the last axis moves along, in runs of `width`.
    width = c.input;
    c = b, b = a, a = (pare_window_axis){1, 1, 1, 1, 0, 1};
  }
  const float *x = input;
  float *y = output;
  for (size_t plane = 0; plane < step->planes; plane++) {
    for (size_t i = 0; i < a.output; i++)
      for (size_t j = 0; j < b.output; j++, y += c.output * width) {
        for (size_t k = 0; k < c.output * width; k++) y[k] = -__builtin_inff();
        for (size_t ka = 0; ka < a.kernel; ka++) {
          const size_t row_a = i * a.stride + ka * a.dilation;
          if (row_a < a.padding || row_a - a.padding >= a.input) continue;
          for (size_t kb = 0; kb < b.kernel; kb++) {
            const size_t row_b = j * b.stride + kb * b.dilation;
            if (row_b < b.padding || row_b - b.padding >= b.input) continue;
            const float *row = x + ((row_a - a.padding) * b.input + row_b - b.padding) * c.input * width;
            for (size_t kc = 0; kc < c.kernel; kc++) {
              size_t first, end;
              positions(&c, kc, &first, &end);
              const size_t from = first * c.stride + kc * c.dilation - c.padding;
              if (end == first) continue;
              if (width == 1) {
                maxima(row + from, c.stride, y + first, end - first);
              } else if (c.stride == 1) {
                maxima(row + from * width, 1, y + first * width, (end - first) * width);
              } else {
                for (size_t k = first; k < end; k++)
                  maxima(row + (from + (k - first) * c.stride) * width, 1, y + k * width, width);
              }
            }
          }
        }
      }
    x += a.input * b.input * c.input * width;
  }
}

// The taps of an axis that meet an element when the window's first lies at `start`.
static void taps(const pare_window_axis *axis, ptrdiff_t start, size_t *first, size_t *end) {
  const ptrdiff_t dilation = (ptrdiff_t)axis->dilation, room = (ptrdiff_t)axis->input - start;
  const ptrdiff_t least = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  ptrdiff_t limit = room <= 0 ? 0 : (room - 1) / dilation + 1;
  if (limit > (ptrdiff_t)axis->kernel) limit = (ptrdiff_t)axis->kernel;
  *first = (size_t)least;
  *end = (size_t)(limit > least ? limit : least);
}

PARE_STEP(average_pool) {
  const pare_average_pool_step *step = operands;
  const pare_window_axis *a = &step->window.axes[0], *b = &step->window.axes[1], *c = &step->window.axes[2];
  const float *x = input;
  float *y = output;
  for (size_t plane = 0; plane < step->planes; plane++, x += a->input * b->input * c->input) {
    const float *share = step->shares;
    for (size_t i = 0; i < a->output; i++)
      for (size_t j = 0; j < b->output; j++)
        for (size_t k = 0; k < c->output; k++) {
          const ptrdiff_t starts[3] = {
            (ptrdiff_t)(i * a->stride) - (ptrdiff_t)a->padding, (ptrdiff_t)(j * b->stride) - (ptrdiff_t)b->padding,
            (ptrdiff_t)(k * c->stride) - (ptrdiff_t)c->padding};
          size_t first[3], end[3];
          for (size_t axis = 0; axis < 3; axis++)
            taps(&step->window.axes[axis], starts[axis], &first[axis], &end[axis]);
          float sum = 0;
          for (size_t ka = first[0]; ka < end[0]; ka++)
            for (size_t kb = first[1]; kb < end[1]; kb++)
              for (size_t kc = first[2]; kc < end[2]; kc++)
                sum += x[((size_t)(starts[0] + (ptrdiff_t)(ka * a->dilation)) * b->input +
                          (size_t)(starts[1] + (ptrdiff_t)(kb * b->dilation))) * c->input +
                         (size_t)(starts[2] + (ptrdiff_t)(kc * c->dilation))];
          *y++ = sum * *share++;
        }
  }
}
