#include "pare_network_kernels.h"

PARE_STEP(present_rows) {
  const pare_present_rows_step *step = operands;
  const uint8_t *condition = pare_at(step->condition, input, arena);
  const int32_t is_finite =
    step->quantizes
      ? step->kernels->present_u8(
          input, condition, step->fill, step->reciprocal, step->zero_point, output, step->rows, step->columns)
      : step->kernels->present(input, condition, step->fill, output, step->rows, step->columns);
  if (step->watched) *(int32_t *)(void *)(arena + step->flag) = !is_finite;
}

PARE_STEP(weighted_columns) {
  const pare_weighted_columns_step *step = operands;
  step->kernels->weighted_columns(
    input, pare_at(step->bias, input, arena), pare_at(step->values, input, arena), output, step->rows, step->columns);
}
