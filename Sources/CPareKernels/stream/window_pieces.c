#include "pare_window_pieces.h"

PARE_STEP(seeded_dense_f32) {
  const pare_seeded_dense_f32 *step = operands;
  pare_dense_f32 layer = step->layer;
  layer.bias = (const float *)(const void *)(arena + step->seed);
  step->run(&layer, input, output, arena);
}

PARE_STEP(seeded_dense_u8s8) {
  const pare_seeded_dense_u8s8 *step = operands;
  pare_dense_u8s8 layer = step->layer;
  const uint32_t *seed = (const uint32_t *)(const void *)(arena + step->seed);
  const uint32_t *own = (const uint32_t *)layer.bias;
  uint32_t *sum = (uint32_t *)(void *)(arena + step->scratch);
  const size_t padded = (size_t)layer.tiles * PARE_TILE;
  for (size_t i = 0; i < step->outputs; i++) sum[i] = own[i] + seed[i];
  for (size_t i = step->outputs; i < padded; i++) sum[i] = 0;
  layer.bias = (const int32_t *)sum;
  step->run(&layer, input, output, arena);
}

PARE_STEP(integer_sums) {
  const pare_integer_sums *step = operands;
  const uint8_t *x = input;
  uint32_t *sums = (uint32_t *)(void *)(arena + step->scratch), *y = output;
  for (size_t group = 0; group < step->groups; group++, x += step->channels * step->length) {
    const int32_t *bias = step->bias + group * step->filters;
    for (size_t row = 0; row < step->rows; row++) {
      const int16_t *w = step->weights + group * step->channels * step->taps * step->filters;
      for (size_t f = 0; f < step->filters; f++) sums[f] = (uint32_t)bias[f];
      for (size_t c = 0; c < step->channels; c++)
        for (size_t tap = 0; tap < step->taps; tap++, w += step->filters) {
          const size_t place = row * step->stride + tap * step->dilation;
          if (place < step->begin || place - step->begin >= step->length) continue;
          const int16_t v = (int16_t)(x[c * step->length + place - step->begin] - step->zero_point);
          for (size_t f = 0; f < step->filters; f++) sums[f] += (uint32_t)((int32_t)v * (int32_t)w[f]);
        }
      for (size_t f = 0; f < step->filters; f++) y[(group * step->filters + f) * step->rows + row] = sums[f];
    }
  }
}
