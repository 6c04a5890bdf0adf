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

void pare_recurrent_s16_advance(
  const pare_recurrent_s16_layer *layer, const pare_recurrent_cell *cell, const int16_t *by_input,
  const int16_t *by_state, uint8_t *h, int16_t *state
) {
  (layer->gates == 4 ? layer->kernels->lstm : layer->kernels->gru)(cell, by_input, by_state, state, h);
}

void pare_recurrent_s16_run(
  const pare_recurrent_s16_layer *layer, const uint8_t *x, size_t x_stride, size_t steps, int reversed, uint8_t *h,
  int16_t *state, uint8_t *y, size_t y_stride, int16_t *scratch
) {
  const size_t hidden = (size_t)layer->cell.hidden, stride = pare_gate_count((size_t)layer->gates, hidden);
  int16_t *by_input = scratch, *by_state = scratch + PARE_RECURRENT_ROWS * stride;
  for (size_t done = 0; done < steps; done += PARE_RECURRENT_ROWS) {
    const size_t rows = steps - done < PARE_RECURRENT_ROWS ? steps - done : PARE_RECURRENT_ROWS;
    const size_t first = reversed ? steps - done - rows : done;
    pare_gate_arguments(layer->kernels, &layer->input, x + first * x_stride, x_stride, rows, by_input, stride);
    for (size_t index = 0; index < rows; index++) {
      const size_t row = reversed ? rows - 1 - index : index;
      pare_recurrent_s16_by_state(layer, h, by_state);
      pare_recurrent_s16_advance(layer, &layer->cell, by_input + row * stride, by_state, h, state);
      if (y) __builtin_memcpy(y + (first + row) * y_stride, h, hidden);
    }
  }
}
