#include "pare_causal_convolution.h"

/// Where a row's step keeps what it keeps: whether the next step is prepared, whether a row waits behind the older ones,
/// the products with those, and the rows themselves, the one that waits last.
typedef struct {
  int32_t *ready, *waits;
  float *by_older, *rows;
} memory;

static memory memory_of(const pare_causal_convolution_row *s, unsigned char *arena) {
  unsigned char *start = arena + s->memory;
  float *by_older = (float *)(start + PARE_STREAM_HEAD);
  return (memory){(int32_t *)start, (int32_t *)start + 1, by_older, by_older + s->newest.tiles * PARE_TILE};
}

static size_t reach(const pare_causal_convolution_row *s) { return (size_t)(s->taps - 1) * (size_t)s->dilation; }

void pare_causal_convolution_reset_row(const void *operands, unsigned char *arena) {
  const pare_causal_convolution_row *s = operands;
  const memory m = memory_of(s, arena);
  __builtin_memset(m.rows, 0, (reach(s) + 1) * (size_t)s->channels * sizeof(float));
  *m.ready = *m.waits = 0;
}

static void settle(const pare_causal_convolution_row *s, memory m, unsigned char *arena) {
  const size_t channels = (size_t)s->channels;
  if (*m.ready) return;
  if (*m.waits) __builtin_memmove(m.rows, m.rows + channels, reach(s) * channels * sizeof(float));
  const float *taps = m.rows;
  if (s->dilation > 1) {
    float *gathered = (float *)(arena + s->scratch);
    for (int32_t tap = 0; tap + 1 < s->taps; tap++)
      __builtin_memcpy(
        gathered + (size_t)tap * channels, m.rows + (size_t)tap * (size_t)s->dilation * channels,
        channels * sizeof(float));
    taps = gathered;
  }
  s->kernels->products(&s->older, taps, 0, 1, m.by_older, 0);
  *m.ready = 1;
  *m.waits = 0;
}

void pare_causal_convolution_prepare_row(const void *operands, unsigned char *arena) {
  const pare_causal_convolution_row *s = operands;
  settle(s, memory_of(s, arena), arena);
}

void pare_causal_convolution_bring_row(const void *operands) {
  const pare_dense_f32 *newest = &((const pare_causal_convolution_row *)operands)->newest;
  pare_bring_near(newest->weights, (size_t)newest->tiles * (size_t)newest->inputs * PARE_TILE * sizeof(float));
}

void pare_causal_convolution_run_rows(
  const void *operands, const void *input, size_t input_stride, void *output, unsigned char *arena, size_t stride,
  size_t rows
) {
  const pare_causal_convolution_row *s = operands;
  const memory m = memory_of(s, arena);
  for (size_t row = 0; row < rows; row++) {
    const float *x = (const float *)((const unsigned char *)input + row * input_stride);
    settle(s, m, arena);
    pare_dense_f32 newest = s->newest;
    newest.bias = m.by_older;
    s->kernels->products(&newest, x, 0, 1, (float *)((unsigned char *)output + row * stride), 0);
    __builtin_memcpy(m.rows + reach(s) * (size_t)s->channels, x, (size_t)s->channels * sizeof(float));
    *m.ready = 0;
    *m.waits = 1;
  }
}

void pare_causal_convolution_run_row(const void *operands, const void *input, void *output, unsigned char *arena) {
  pare_causal_convolution_run_rows(operands, input, 0, output, arena, 0, 1);
}
