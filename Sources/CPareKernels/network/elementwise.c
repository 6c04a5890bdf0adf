#include "pare_network_kernels.h"

PARE_STEP(unary) {
  const pare_unary_step *step = operands;
  step->function(input, output, step->count);
}

PARE_STEP(parametric) {
  const pare_parametric_step *step = operands;
  step->function(input, step->alpha, step->beta, output, step->count);
}

PARE_STEP(leaky_relu) {
  const pare_leaky_relu_step *step = operands;
  step->function(input, step->slope, output, step->count);
}

static pare_operand_f32 matrix(const float *values, pare_walk walk, size_t i, size_t j, size_t k) {
  return (pare_operand_f32){values + i * walk.outer0 + j * walk.outer1 + k * walk.outer2, walk.row, walk.column};
}

PARE_STEP(binary) {
  const pare_binary_step *step = operands;
  const float *a = pare_at(step->a, input, arena), *b = pare_at(step->b, input, arena);
  float *y = output;
  for (size_t i = 0; i < step->outer0; i++)
    for (size_t j = 0; j < step->outer1; j++)
      for (size_t k = 0; k < step->outer2; k++, y += step->rows * step->columns)
        step->function(
          matrix(a, step->a_walk, i, j, k), matrix(b, step->b_walk, i, j, k), y, step->rows, step->columns);
}

PARE_STEP(choose) {
  const pare_choose_step *step = operands;
  const uint8_t *condition = pare_at(step->condition, input, arena);
  const float *a = pare_at(step->a, input, arena), *b = pare_at(step->b, input, arena);
  const pare_walk walk = step->condition_walk;
  float *y = output;
  for (size_t i = 0; i < step->outer0; i++)
    for (size_t j = 0; j < step->outer1; j++)
      for (size_t k = 0; k < step->outer2; k++, y += step->rows * step->columns) {
        const pare_operand_u8 truths = {
          condition + i * walk.outer0 + j * walk.outer1 + k * walk.outer2, walk.row, walk.column};
        step->function(
          truths, matrix(a, step->a_walk, i, j, k), matrix(b, step->b_walk, i, j, k), y, step->rows, step->columns);
      }
}

#define PARE_COMPARE(holds)                                                                                      \
  if (u.column_stride == 1 && v.column_stride == 0 && step->rows == 1) {                                        \
    const float *restrict values = u.values;                                                                    \
    const float r = *v.values;                                                                                  \
    const size_t columns = step->columns;                                                                       \
    for (size_t column = 0; column < columns; column++) {                                                       \
      const float l = values[column];                                                                           \
      y[column] = holds;                                                                                        \
    }                                                                                                           \
    y += step->columns;                                                                                         \
    break;                                                                                                      \
  }                                                                                                             \
  for (size_t row = 0; row < step->rows; row++, y += step->columns)                                             \
    for (size_t column = 0; column < step->columns; column++) {                                                 \
      const float l = u.values[row * u.row_stride + column * u.column_stride];                                  \
      const float r = v.values[row * v.row_stride + column * v.column_stride];                                  \
      y[column] = holds;                                                                                        \
    }                                                                                                           \
  break

PARE_STEP(compare) {
  const pare_compare_step *step = operands;
  const float *a = pare_at(step->a, input, arena), *b = pare_at(step->b, input, arena);
  uint8_t *restrict y = output;
  for (size_t i = 0; i < step->outer0; i++)
    for (size_t j = 0; j < step->outer1; j++)
      for (size_t k = 0; k < step->outer2; k++) {
        const pare_operand_f32 u = matrix(a, step->a_walk, i, j, k), v = matrix(b, step->b_walk, i, j, k);
        switch (step->relation) {
          case pare_relation_greater: PARE_COMPARE(l > r);
          case pare_relation_greater_or_equal: PARE_COMPARE(l >= r);
          case pare_relation_less: PARE_COMPARE(l < r);
          case pare_relation_less_or_equal: PARE_COMPARE(l <= r);
        }
      }
}

#define PARE_DEQUANTIZE(name, type)                                                                             \
  PARE_STEP(name) {                                                                                             \
    const pare_dequantize_step *step = operands;                                                                \
    const type *restrict x = input;                                                                             \
    float *restrict y = output;                                                                                 \
    const float scale = step->scale;                                                                            \
    const int32_t zero_point = step->zero_point;                                                                \
    for (size_t i = 0; i < step->count; i++) y[i] = (float)(x[i] - zero_point) * scale;                         \
  }
PARE_DEQUANTIZE(dequantize_u8, uint8_t)
PARE_DEQUANTIZE(dequantize_s8, int8_t)
PARE_DEQUANTIZE(dequantize_s16, int16_t)
