#include "table.h"

#ifdef PARE_X86
#define PARE_RECURRENT_VARIANT_X86(name) PARE_RECURRENT_VARIANT(name)
#else
#define PARE_RECURRENT_VARIANT_X86(name)
#endif
#ifdef PARE_ARM
#define PARE_RECURRENT_VARIANT_ARM(name) PARE_RECURRENT_VARIANT(name)
#else
#define PARE_RECURRENT_VARIANT_ARM(name)
#endif

#define PARE_RECURRENT_VARIANT(name) extern const pare_recurrent_s16_kernels pare_recurrent_s16_##name;
#include "variants.inc"
#undef PARE_RECURRENT_VARIANT

#define PARE_RECURRENT_VARIANT(name) &pare_recurrent_s16_##name,
static const pare_recurrent_s16_kernels *const variants[] = {
#include "variants.inc"
};

const pare_recurrent_s16_kernels *const *pare_recurrent_s16_variants(size_t *count) {
  *count = sizeof variants / sizeof variants[0];
  return variants;
}

void pare_recurrent_s16_by_state(const pare_recurrent_s16_layer *layer, const uint8_t *h, int16_t *by_state) {
  pare_gate_arguments(layer->kernels, &layer->recurrent, h, 0, 1, by_state, 0);
}

static int16_t saturated(int32_t value) {
  return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

/// A step of a GRU that resets its state before the product, by a kernel that does it after: with r in the place of z and
/// arguments of 0 for n, a step leaves r ⊗ state; with 0 by the state, n's argument is what stands by the input.
static void reset_first(
  const pare_recurrent_s16_layer *layer, const pare_recurrent_cell *cell, const int16_t *by_input,
  const int16_t *by_state, uint8_t *h, int16_t *state, int16_t *scratch
) {
  const size_t n = (size_t)cell->hidden, room = pare_gate_count(3, n), units = pare_unit_count(n);
  int16_t *a = scratch, *b = a + room, *product = b + room, *reset_state = product + room;
  uint8_t *reset_h = (uint8_t *)(reset_state + units);
  __builtin_memset(a, 0, 2 * room * sizeof *a);
  __builtin_memcpy(a, by_input + n, n * sizeof *a);
  __builtin_memcpy(b, by_state + n, n * sizeof *b);
  __builtin_memcpy(reset_state, state, units * sizeof *state);
  layer->kernels->gru(cell, a, b, reset_state, reset_h);
  pare_gate_arguments(layer->kernels, &layer->reset, reset_h, 0, 1, product, 0);
  __builtin_memcpy(a, by_input, 2 * n * sizeof *a);
  __builtin_memcpy(b, by_state, 2 * n * sizeof *b);
  for (size_t u = 0; u < n; u++) a[2 * n + u] = saturated(by_input[2 * n + u] + product[u]);
  layer->kernels->gru(cell, a, b, state, h);
}

void pare_recurrent_s16_advance(
  const pare_recurrent_s16_layer *layer, const pare_recurrent_cell *cell, const int16_t *by_input,
  const int16_t *by_state, uint8_t *h, int16_t *state, int16_t *scratch
) {
  if (layer->gates == 4) layer->kernels->lstm(cell, by_input, by_state, state, h);
  else if (layer->reset.tiles == 0) layer->kernels->gru(cell, by_input, by_state, state, h);
  else reset_first(layer, cell, by_input, by_state, h, state, scratch);
}

void pare_recurrent_s16_run(
  const pare_recurrent_s16_layer *layer, const uint8_t *x, size_t x_stride, size_t steps, int reversed, uint8_t *h,
  int16_t *state, uint8_t *y, size_t y_stride, int16_t *scratch
) {
  const size_t hidden = (size_t)layer->cell.hidden, stride = pare_gate_count((size_t)layer->gates, hidden);
  int16_t *by_input = scratch, *by_state = scratch + PARE_RECURRENT_ROWS * stride, *own = by_state + stride;
  for (size_t done = 0; done < steps; done += PARE_RECURRENT_ROWS) {
    const size_t rows = steps - done < PARE_RECURRENT_ROWS ? steps - done : PARE_RECURRENT_ROWS;
    const size_t first = reversed ? steps - done - rows : done;
    pare_gate_arguments(layer->kernels, &layer->input, x + first * x_stride, x_stride, rows, by_input, stride);
    for (size_t index = 0; index < rows; index++) {
      const size_t row = reversed ? rows - 1 - index : index;
      pare_recurrent_s16_by_state(layer, h, by_state);
      pare_recurrent_s16_advance(layer, &layer->cell, by_input + row * stride, by_state, h, state, own);
      if (y) __builtin_memcpy(y + (first + row) * y_stride, h, hidden);
    }
  }
}
