#include "../cpu/requantize.h"

// Sums are taken modulo 2^32: the true ones fit (checked when the layer is loaded), so what wraps on the way comes back.
PARE_INLINE int32_t accumulate(const pare_dense_u8s8 *layer, const uint8_t *x, int32_t output) {
  const int32_t tile = output / PARE_TILE, lane = output % PARE_TILE;
  const int8_t *w = layer->weights + ((size_t)tile * (size_t)layer->groups * PARE_TILE + (size_t)lane) * PARE_GROUP;
  uint32_t sum = (uint32_t)layer->bias[output];
  for (int32_t group = 0; group < layer->groups; group++, x += PARE_GROUP, w += PARE_TILE * PARE_GROUP)
    for (int32_t k = 0; k < PARE_GROUP; k++) sum += (uint32_t)(x[k] * w[k]);
  return (int32_t)sum;
}

PARE_KERNEL(dense_u8s8_u8, scalar) {
  const pare_dense_u8s8 *layer = operands;
  uint8_t *y = output;
  for (int32_t o = 0; o < layer->tiles * PARE_TILE; o++)
    y[o] = pare_requantize(
      accumulate(layer, input, o), layer->multiplier[o], layer->shift[o], layer->zero_point, layer->low);
}

PARE_KERNEL(dense_u8s8_f32, scalar) {
  const pare_dense_u8s8 *layer = operands;
  float *y = output;
  for (int32_t o = 0; o < layer->tiles * PARE_TILE; o++) y[o] = (float)accumulate(layer, input, o) * layer->scale[o];
}
