#include "pare_recurrent_f32.h"

#if defined(__x86_64__)
#define PARE_RECURRENT_VARIANT_X86(name) PARE_RECURRENT_VARIANT(name)
#else
#define PARE_RECURRENT_VARIANT_X86(name)
#endif

#define PARE_RECURRENT_VARIANT(name) extern const pare_recurrent_f32_kernels pare_recurrent_f32_##name;
#include "variants.inc"
#undef PARE_RECURRENT_VARIANT

#define PARE_RECURRENT_VARIANT(name) &pare_recurrent_f32_##name,
static const pare_recurrent_f32_kernels *const variants[] = {
#include "variants.inc"
};

const pare_recurrent_f32_kernels *const *pare_recurrent_f32_variants(size_t *count) {
  *count = sizeof variants / sizeof variants[0];
  return variants;
}

static void by_state_of(const pare_recurrent_f32_layer *layer, const float *h, float *by_state) {
  layer->kernels->products(&layer->recurrent, h, 0, 1, by_state, 0);
}

/// As in recurrent_s16/run.c.
static void reset_first(
  const pare_recurrent_f32_layer *layer, const float *by_input, const float *by_state, float *h, float *scratch
) {
  const size_t n = (size_t)layer->hidden, room = pare_gate_count(3, n), units = pare_unit_count(n);
  float *a = scratch, *b = a + room, *product = b + room, *reset_h = product + room;
  __builtin_memset(a, 0, 2 * room * sizeof *a);
  __builtin_memcpy(a, by_input + n, n * sizeof *a);
  __builtin_memcpy(b, by_state + n, n * sizeof *b);
  __builtin_memcpy(reset_h, h, units * sizeof *h);
  layer->kernels->gru(layer->hidden, a, b, NULL, reset_h);
  layer->kernels->products(&layer->reset, reset_h, 0, 1, product, 0);
  __builtin_memcpy(a, by_input, 2 * n * sizeof *a);
  __builtin_memcpy(b, by_state, 2 * n * sizeof *b);
  for (size_t u = 0; u < n; u++) a[2 * n + u] = by_input[2 * n + u] + product[u];
  layer->kernels->gru(layer->hidden, a, b, NULL, h);
}

static void advance(
  const pare_recurrent_f32_layer *layer, const float *by_input, const float *by_state, float *h, float *c,
  float *scratch
) {
  if (layer->gates == 4) layer->kernels->lstm(layer->hidden, by_input, by_state, c, h);
  else if (layer->reset.tiles == 0) layer->kernels->gru(layer->hidden, by_input, by_state, c, h);
  else reset_first(layer, by_input, by_state, h, scratch);
}

void pare_recurrent_f32_run(
  const pare_recurrent_f32_layer *layer, const float *x, size_t x_stride, size_t steps, int reversed, float *h, float *c,
  float *y, size_t y_stride, float *scratch
) {
  const size_t hidden = (size_t)layer->hidden, stride = pare_gate_count((size_t)layer->gates, hidden);
  float *by_input = scratch, *by_state = scratch + PARE_RECURRENT_ROWS * stride, *own = by_state + stride;
  for (size_t done = 0; done < steps; done += PARE_RECURRENT_ROWS) {
    const size_t rows = steps - done < PARE_RECURRENT_ROWS ? steps - done : PARE_RECURRENT_ROWS;
    const size_t first = reversed ? steps - done - rows : done;
    layer->kernels->products(&layer->input, x + first * x_stride, x_stride, rows, by_input, stride);
    for (size_t index = 0; index < rows; index++) {
      const size_t row = reversed ? rows - 1 - index : index;
      by_state_of(layer, h, by_state);
      advance(layer, by_input + row * stride, by_state, h, c, own);
      if (y) __builtin_memcpy(y + (first + row) * y_stride, h, hidden * sizeof *h);
    }
  }
}

static void begin(const pare_recurrent_f32_layer *layer, const float *first_h, const float *first_c, float *h, float *c) {
  const size_t hidden = (size_t)layer->hidden, bytes = pare_unit_count(hidden) * sizeof *h;
  __builtin_memset(h, 0, bytes);
  __builtin_memset(c, 0, bytes);
  if (first_h) __builtin_memcpy(h, first_h, hidden * sizeof *h);
  if (first_c) __builtin_memcpy(c, first_c, hidden * sizeof *c);
}

static void finish(
  size_t hidden, const float *h, const float *c, size_t first, size_t last_state, size_t last_cell, unsigned char *arena
) {
  const size_t bytes = hidden * sizeof *h;
  if (last_state != PARE_EXTERNAL) __builtin_memcpy(arena + last_state + first * sizeof *h, h, bytes);
  if (last_cell != PARE_EXTERNAL) __builtin_memcpy(arena + last_cell + first * sizeof *c, c, bytes);
}

void pare_recurrent_f32_run_sequence(const void *operands, const void *input, void *output, unsigned char *arena) {
  const pare_recurrent_f32_sequence *s = operands;
  const size_t hidden = (size_t)s->layers[0].hidden, units = pare_unit_count(hidden);
  float *h = (float *)(arena + s->scratch), *c = h + units, *scratch = c + units;
  for (int32_t direction = 0; direction < s->directions; direction++) {
    const size_t first = (size_t)direction * hidden;
    const float *given = s->has_state ? (const float *)pare_at(s->first_state, input, arena) + first : NULL;
    const float *cell = s->has_cell ? (const float *)pare_at(s->first_cell, input, arena) + first : NULL;
    begin(s->layers + direction, given, cell, h, c);
    pare_recurrent_f32_run(
      s->layers + direction, input, (size_t)s->features, (size_t)s->steps, s->reversed[direction], h, c,
      (float *)output + first, (size_t)s->directions * hidden, scratch);
    finish(hidden, h, c, first, s->last_state, s->last_cell, arena);
  }
}

/// Where a row's step keeps what it keeps.
typedef struct {
  int32_t *ready;
  float *h, *c, *by_state;
} memory;

static memory memory_of(const pare_recurrent_f32_row *s, unsigned char *arena) {
  const size_t units = pare_unit_count((size_t)s->layer.hidden);
  unsigned char *start = arena + s->memory;
  float *h = (float *)(start + PARE_STREAM_HEAD);
  return (memory){(int32_t *)start, h, h + units, h + 2 * units};
}

void pare_recurrent_f32_reset_row(const void *operands, unsigned char *arena) {
  const pare_recurrent_f32_row *s = operands;
  const memory m = memory_of(s, arena);
  begin(&s->layer, s->first_h, s->first_state, m.h, m.c);
  *m.ready = 0;
}

void pare_recurrent_f32_prepare_row(const void *operands, unsigned char *arena) {
  const pare_recurrent_f32_row *s = operands;
  const memory m = memory_of(s, arena);
  if (!*m.ready) by_state_of(&s->layer, m.h, m.by_state);
  *m.ready = 1;
}

void pare_recurrent_f32_bring_row(const void *operands) {
  const pare_dense_f32 *input = &((const pare_recurrent_f32_row *)operands)->layer.input;
  pare_bring_near(input->weights, (size_t)input->tiles * (size_t)input->inputs * PARE_TILE * sizeof(float));
}

void pare_recurrent_f32_run_rows(
  const void *operands, const void *input, size_t input_stride, void *output, unsigned char *arena, size_t stride,
  size_t rows
) {
  const pare_recurrent_f32_row *s = operands;
  const pare_recurrent_f32_layer *layer = &s->layer;
  const memory m = memory_of(s, arena);
  const size_t hidden = (size_t)layer->hidden, gates = pare_gate_count((size_t)layer->gates, hidden);
  float *by_input = (float *)(arena + s->scratch), *own = by_input + PARE_STREAM_ROWS * gates;
  layer->kernels->products(&layer->input, input, input_stride / sizeof(float), rows, by_input, gates);
  for (size_t row = 0; row < rows; row++) {
    if (!*m.ready) by_state_of(layer, m.h, m.by_state);
    *m.ready = 0;
    advance(layer, by_input + row * gates, m.by_state, m.h, m.c, own);
    __builtin_memcpy((unsigned char *)output + row * stride, m.h, hidden * sizeof *m.h);
    finish(hidden, m.h, m.c, 0, s->last_state, s->last_cell, arena + row * stride);
  }
}

void pare_recurrent_f32_run_row(const void *operands, const void *input, void *output, unsigned char *arena) {
  pare_recurrent_f32_run_rows(operands, input, 0, output, arena, 0, 1);
}
