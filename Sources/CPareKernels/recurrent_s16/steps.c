#include "table.h"

/// The bytes of a GRU's state, as its kernels make them.
static void bytes_of(const pare_recurrent_cell *cell, const int16_t *state, uint8_t *h) {
  for (int32_t u = 0; u < cell->hidden; u++) {
    const int32_t q = (state[u] * cell->state_levels + (1 << 14)) >> 15;
    h[u] = (uint8_t)(128 + (q < -128 ? -128 : q > 127 ? 127 : q));
  }
}

static void begin(
  const pare_recurrent_s16_layer *layer, const uint8_t *first_h, const int16_t *first_state, uint8_t *h, int16_t *state
) {
  const size_t hidden = (size_t)layer->cell.hidden, units = pare_unit_count(hidden);
  __builtin_memset(h, 128, units);
  __builtin_memset(state, 0, units * sizeof *state);
  if (first_state) __builtin_memcpy(state, first_state, hidden * sizeof *state);
  if (layer->gates == 3) bytes_of(&layer->cell, state, h);
  else if (first_h) __builtin_memcpy(h, first_h, hidden);
}

/// An LSTM's h and cell, a GRU's state.
static void finish(
  const pare_recurrent_s16_layer *layer, const uint8_t *h, const int16_t *state, size_t first, size_t last_state,
  size_t last_cell, unsigned char *arena
) {
  const size_t hidden = (size_t)layer->cell.hidden, bytes = hidden * sizeof *state;
  if (last_state != PARE_EXTERNAL) {
    if (layer->gates == 4) __builtin_memcpy(arena + last_state + first, h, hidden);
    else __builtin_memcpy(arena + last_state + first * sizeof *state, state, bytes);
  }
  if (last_cell != PARE_EXTERNAL) __builtin_memcpy(arena + last_cell + first * sizeof *state, state, bytes);
}

void pare_recurrent_s16_run_sequence(const void *operands, const void *input, void *output, unsigned char *arena) {
  const pare_recurrent_s16_sequence *s = operands;
  const size_t hidden = (size_t)s->layers[0].cell.hidden, units = pare_unit_count(hidden);
  int16_t *state = (int16_t *)(arena + s->scratch), *scratch = state + units;
  uint8_t *h = (uint8_t *)(scratch + pare_recurrent_scratch((size_t)s->layers[0].gates, hidden));
  for (int32_t direction = 0; direction < s->directions; direction++) {
    const pare_recurrent_s16_layer *layer = s->layers + direction;
    const size_t first = (size_t)direction * hidden;
    const unsigned char *given = s->has_state ? pare_at(s->first_state, input, arena) : NULL;
    const int16_t *cell = s->has_cell ? (const int16_t *)pare_at(s->first_cell, input, arena) + first : NULL;
    if (layer->gates == 4) begin(layer, given ? given + first : NULL, cell, h, state);
    else begin(layer, NULL, given ? (const int16_t *)given + first : NULL, h, state);
    pare_recurrent_s16_run(
      layer, input, (size_t)s->features, (size_t)s->steps, s->reversed[direction], h, state, (uint8_t *)output + first,
      (size_t)s->directions * hidden, scratch);
    finish(layer, h, state, first, s->last_state, s->last_cell, arena);
  }
}

/// Where a row's step keeps what it keeps.
typedef struct {
  int32_t *ready;
  int16_t *state, *by_state;
  uint8_t *h;
} memory;

static memory memory_of(const pare_recurrent_s16_row *s, unsigned char *arena) {
  const size_t hidden = (size_t)s->layer.cell.hidden;
  unsigned char *start = arena + s->memory;
  int16_t *state = (int16_t *)(start + PARE_STREAM_HEAD), *by_state = state + pare_unit_count(hidden);
  return (memory){
    (int32_t *)start, state, by_state, (uint8_t *)(by_state + pare_gate_count((size_t)s->layer.gates, hidden))};
}

void pare_recurrent_s16_reset_row(const void *operands, unsigned char *arena) {
  const pare_recurrent_s16_row *s = operands;
  const memory m = memory_of(s, arena);
  begin(&s->layer, s->first_h, s->first_state, m.h, m.state);
  *m.ready = 0;
}

void pare_recurrent_s16_prepare_row(const void *operands, unsigned char *arena) {
  const pare_recurrent_s16_row *s = operands;
  const memory m = memory_of(s, arena);
  if (!*m.ready) pare_recurrent_s16_by_state(&s->layer, m.h, m.by_state);
  *m.ready = 1;
}

void pare_recurrent_s16_bring_row(const void *operands) {
  // What else the products read lies behind the weights, the shifts last.
  const pare_gate_products *input = &((const pare_recurrent_s16_row *)operands)->layer.input;
  const char *start = input->weights, *end = (const char *)(input->shift + input->tiles * PARE_TILE);
  pare_bring_near(start, (size_t)(end - start));
}

void pare_recurrent_s16_run_rows(
  const void *operands, const void *input, size_t input_stride, void *output, unsigned char *arena, size_t stride,
  size_t rows
) {
  const pare_recurrent_s16_row *s = operands;
  const pare_recurrent_s16_layer *layer = &s->layer;
  pare_recurrent_cell cell = layer->cell;
  const memory m = memory_of(s, arena);
  const size_t hidden = (size_t)layer->cell.hidden, gates = pare_gate_count((size_t)layer->gates, hidden);
  int16_t *by_input = (int16_t *)(arena + s->scratch), *own = by_input + PARE_STREAM_ROWS * gates;
  pare_gate_arguments(layer->kernels, &layer->input, input, input_stride, rows, by_input, gates);
  for (size_t row = 0; row < rows; row++) {
    if (!*m.ready) pare_recurrent_s16_by_state(layer, m.h, m.by_state);
    *m.ready = 0;
    // Another row needs the products with the state next.
    cell.next = row + 1 < rows ? layer->recurrent.weights : layer->cell.next;
    pare_recurrent_s16_advance(layer, &cell, by_input + row * gates, m.by_state, m.h, m.state, own);
    __builtin_memcpy((uint8_t *)output + row * stride, m.h, hidden);
    finish(layer, m.h, m.state, 0, s->last_state, s->last_cell, arena + row * stride);
  }
}

void pare_recurrent_s16_run_row(const void *operands, const void *input, void *output, unsigned char *arena) {
  pare_recurrent_s16_run_rows(operands, input, 0, output, arena, 0, 1);
}
