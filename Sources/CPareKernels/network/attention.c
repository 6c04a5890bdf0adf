#include "pare_network_kernels.h"

PARE_STEP(products) {
  const pare_products_step *step = operands;
  step->kernels->products(
    pare_at(step->a, input, arena), step->a_row, step->a_depth, step->a_step, pare_at(step->b, input, arena),
    step->b_depth, step->b_column, step->b_step, output, step->rows, step->depth, step->columns, step->count,
    (float *)(void *)(arena + step->scratch));
}

PARE_STEP(attention) {
  const pare_attention_step *step = operands;
  const float *q = pare_at(step->q, input, arena), *k = pare_at(step->k, input, arena);
  const float *v = pare_at(step->v, input, arena);
  for (size_t batch = 0; batch < step->batch; batch++)
    for (size_t head = 0; head < step->heads; head++) {
      const size_t key_head = head / step->group;
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
