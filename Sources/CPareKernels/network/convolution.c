#include <string.h>

#include "pare_network_kernels.h"

PARE_STEP(convolution) {
  const pare_convolution_step *step = operands;
  const pare_convolution_kernels *kernels = step->kernels;
  float *wide = (float *)(void *)(arena + step->wide_scratch), *narrow = (float *)(void *)(arena + step->narrow_scratch);
  const size_t plane = step->phases * step->phase_stride;
  // The scratch belongs to other steps too, so what is not element has to be made zero.
  if (!step->in_place) memset(wide, 0, step->wide_count * sizeof(float));
  for (size_t group = 0; group < step->groups; group++) {
    const float *x = (const float *)input + group * step->channels * step->input_count;
    float *y = (float *)output + group * step->filters * step->output_count;
    for (size_t channel = 0; channel < step->channels && !step->in_place; channel++)
      for (size_t phase = 0; phase < step->phases; phase++)
        kernels->gather_runs(
          x + channel * step->input_count, step->wide_runs[phase], step->wide_run_counts[phase], step->step,
          wide + channel * plane + phase * step->phase_stride);
    kernels->convolve(
      step->in_place ? x : wide, step->offsets, step->terms, step->weights + group * step->group_weights,
      step->bias + group * step->padded_filters, step->yields_in_place ? y : narrow, step->narrow_stride,
      step->padded_filters, step->vectors, step->relu != 0);
    for (size_t filter = 0; filter < step->filters && !step->yields_in_place; filter++)
      kernels->scatter_runs(
        narrow + filter * step->narrow_stride, step->narrow_runs, step->narrow_run_count, 1,
        y + filter * step->output_count);
  }
}
