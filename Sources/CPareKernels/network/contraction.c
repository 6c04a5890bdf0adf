#include "pare_network_kernels.h"

PARE_STEP(contraction) {
  const pare_contraction_step *step = operands;
  const float *a = pare_at(step->a, input, arena), *b = pare_at(step->b, input, arena);
  float *y = output;
  size_t at[PARE_CONTRACTED_AXES] = {0};
  for (size_t element = 0; element < step->count; element++) {
    float sum = 0;
    size_t in[PARE_CONTRACTED_AXES] = {0};
    const float *u = a, *v = b;
    for (;;) {
      // The last of the inner axes runs here, the others as an odometer.
      if (step->inner_count == 0) {
        sum += *u * *v;
        break;
      }
      const pare_contracted_axis *last = &step->inner[step->inner_count - 1];
      // Four sums hide each other's latency.
      float sums[4] = {0, 0, 0, 0};
      size_t i = 0;
      for (; i + 4 <= last->extent; i += 4)
        for (size_t k = 0; k < 4; k++) sums[k] += u[(i + k) * last->a] * v[(i + k) * last->b];
      for (; i < last->extent; i++) sums[0] += u[i * last->a] * v[i * last->b];
      sum += (sums[0] + sums[2]) + (sums[1] + sums[3]);
      size_t axis = step->inner_count - 1;
      while (axis > 0) {
        const pare_contracted_axis *outer = &step->inner[axis - 1];
        u += outer->a, v += outer->b;
        if (++in[axis - 1] < outer->extent) break;
        u -= outer->extent * outer->a, v -= outer->extent * outer->b;
        in[--axis] = 0;
      }
      if (axis == 0) break;
    }
    y[element] = sum;
    for (size_t axis = step->outer_count; axis > 0; axis--) {
      const pare_contracted_axis *outer = &step->outer[axis - 1];
      a += outer->a, b += outer->b;
      if (++at[axis - 1] < outer->extent) break;
      a -= outer->extent * outer->a, b -= outer->extent * outer->b;
      at[axis - 1] = 0;
    }
  }
}
