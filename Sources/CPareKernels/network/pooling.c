#include "pare_network_kernels.h"

PARE_STEP(maximum_pool) {
  const pare_maximum_pool_step *step = operands;
  step->kernels->maxima(input, &step->window, output, step->planes);
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
