#include <string.h>

#include "pare_network_kernels.h"
#include "transpose.h"

PARE_STEP(products) {
  const pare_products_step *step = operands;
  step->kernels->products(
    pare_at(step->a, input, arena), step->a_row, step->a_depth, step->a_step, pare_at(step->b, input, arena),
    step->b_depth, step->b_column, step->b_step, output, step->rows, step->depth, step->columns, step->count,
    (float *)(void *)(arena + step->scratch));
}

// One head of a step that masks nothing, in products and a softmax by themselves: rows are padded to whole groups of
// keys, whose scores are minus infinity.
static void unmasked(
  const pare_attention_step *step, const float *q, const float *k, const float *v, float *y, unsigned char *arena
) {
  const size_t width = pare_padded(step->keys), queries = step->queries, size = step->size;
  float *scores = (float *)(void *)(arena + step->scratch), *packed = scores + queries * width;
  float *result = packed + size * width;
  pare_transpose_f32(k, step->k_layout.row, step->keys, size, packed, width);
  for (size_t i = 0; i < size; i++) {
    for (size_t j = 0; j < step->keys; j++) packed[i * width + j] *= step->scale;
    for (size_t j = step->keys; j < width; j++) packed[i * width + j] = 0;
  }
  step->kernels->products(q, step->q_layout.row, 1, 0, packed, width, 1, 0, scores, queries, size, width, 1, result);
  if (width > step->keys)
    for (size_t i = 0; i < queries; i++)
      for (size_t j = step->keys; j < width; j++) scores[i * width + j] = -__builtin_inff();
  const pare_softmax_f32 rows = {(int32_t)width, (int32_t)queries};
  step->softmax(&rows, scores, scores, arena);
  const int joined = step->y_layout.row == step->value_size;
  float *values = joined ? y : result;
  step->kernels->products(
    scores, width, 1, 0, v, step->v_layout.row, 1, 0, values, queries, step->keys, step->value_size, 1,
    result + queries * step->value_size);
  for (size_t i = 0; i < queries && !joined; i++)
    memcpy(y + i * step->y_layout.row, result + i * step->value_size, step->value_size * sizeof(float));
}

PARE_STEP(attention) {
  const pare_attention_step *step = operands;
  const float *q = pare_at(step->q, input, arena), *k = pare_at(step->k, input, arena);
  const float *v = pare_at(step->v, input, arena);
  for (size_t batch = 0; batch < step->batch; batch++)
    for (size_t head = 0; head < step->heads; head++) {
      const size_t key_head = head / step->group;
      if (!step->bias) {
        unmasked(
          step, q + batch * step->q_layout.batch + head * step->q_layout.head,
          k + batch * step->k_layout.batch + key_head * step->k_layout.head,
          v + batch * step->v_layout.batch + key_head * step->v_layout.head,
          (float *)output + batch * step->y_layout.batch + head * step->y_layout.head, arena);
        continue;
      }
      const pare_attention_head operand = {
        .q = q + batch * step->q_layout.batch + head * step->q_layout.head,
        .k = k + batch * step->k_layout.batch + key_head * step->k_layout.head,
        .v = v + batch * step->v_layout.batch + key_head * step->v_layout.head,
        .bias = step->bias ? step->bias + (batch * step->heads + head) * step->bias_step : NULL,
        .q_stride = step->q_layout.row, .k_stride = step->k_layout.row, .v_stride = step->v_layout.row,
        .queries = step->queries, .keys = step->keys, .size = step->size, .value_size = step->value_size,
        .scale = step->scale};
      step->kernels->attention(
        &operand, (float *)output + batch * step->y_layout.batch + head * step->y_layout.head, step->y_layout.row,
        (float *)(void *)(arena + step->scratch));
    }
}
