#include "../cpu/variant.h"

PARE_KERNEL(product_f32, scalar) {
  const pare_product_f32 *layer = operands;
  const float *x = input;
  float *y = output;
  for (int32_t row = 0; row < layer->rows; row++, x += layer->inputs, y += layer->outputs)
    for (int32_t o = 0; o < layer->outputs; o++) {
      const float *w = layer->weights + (size_t)(o / PARE_TILE) * (size_t)layer->inputs * PARE_TILE + o % PARE_TILE;
      float sum = layer->bias[o];
      for (int32_t i = 0; i < layer->inputs; i++) sum += x[i] * w[(size_t)i * PARE_TILE];
      y[o] = layer->relu && sum < 0 ? 0 : sum;
    }
}
