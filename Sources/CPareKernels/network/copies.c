#include <string.h>

#include "pare_network_kernels.h"
#include "transpose.h"

PARE_STEP(strided) {
  const pare_strided_step *step = operands;
  const float *x = (const float *)input + step->start;
  float *y = output;
  // Columns that lie side by side become rows: a matrix turned over.
  const int turns = step->from2 == 1 && step->extent2 > 1 && step->from3 > 0;
  for (size_t i = 0; i < step->extent0; i++)
    for (size_t j = 0; j < step->extent1; j++) {
      if (turns) {
        pare_transpose_f32(
          x + (ptrdiff_t)i * step->from0 + (ptrdiff_t)j * step->from1, (size_t)step->from3, step->extent3, step->extent2, y,
          step->extent3);
        y += step->extent2 * step->extent3;
        continue;
      }
      for (size_t k = 0; k < step->extent2; k++) {
        const float *from =
          x + (ptrdiff_t)i * step->from0 + (ptrdiff_t)j * step->from1 + (ptrdiff_t)k * step->from2;
        if (step->from3 == 1) {
          for (size_t l = 0; l < step->extent3; l++) y[l] = from[l];
        } else {
          for (size_t l = 0; l < step->extent3; l++) y[l] = from[(ptrdiff_t)l * step->from3];
        }
        y += step->extent3;
      }
    }
}

PARE_STEP(copies) {
  const pare_copies_step *step = operands;
  for (size_t index = 0; index < step->count; index++) {
    const pare_copy *copy = &step->copies[index];
    const float *x = pare_at(copy->source, input, arena);
    float *y = (float *)(void *)(arena + copy->target);
    for (size_t i = 0; i < copy->filled; i++) y[i] = copy->fill;
    for (size_t i = 0; i < copy->count; i++) {
      const pare_piece piece = copy->pieces[i];
      memcpy(y + piece.to, x + piece.from, piece.count * sizeof(float));
    }
  }
}

PARE_STEP(strided_u8) {
  const pare_strided_step *step = operands;
  const uint8_t *x = (const uint8_t *)input + step->start;
  uint8_t *y = output;
  for (size_t i = 0; i < step->extent0; i++)
    for (size_t j = 0; j < step->extent1; j++)
      for (size_t k = 0; k < step->extent2; k++, y += step->extent3) {
        const uint8_t *from =
          x + (ptrdiff_t)i * step->from0 + (ptrdiff_t)j * step->from1 + (ptrdiff_t)k * step->from2;
        for (size_t l = 0; l < step->extent3; l++) y[l] = from[(ptrdiff_t)l * step->from3];
      }
}

PARE_STEP(copies_u8) {
  const pare_copies_step *step = operands;
  for (size_t index = 0; index < step->count; index++) {
    const pare_copy *copy = &step->copies[index];
    const uint8_t *x = pare_at(copy->source, input, arena);
    uint8_t *y = arena + copy->target;
    if (copy->filled > 0) memset(y, (int)copy->fill, copy->filled);
    for (size_t i = 0; i < copy->count; i++) memcpy(y + copy->pieces[i].to, x + copy->pieces[i].from, copy->pieces[i].count);
  }
}
