#include "../cpu/variant.h"

// Sums are taken modulo 2^32: the true ones fit (checked when the layer is loaded), so what wraps on the way comes back.
PARE_INLINE int32_t accumulate(const pare_product_u8s8 *product, const uint8_t *x, int32_t output) {
  const pare_dense_u8s8 *layer = &product->layer;
  const int32_t tile = output / PARE_TILE, lane = output % PARE_TILE;
  const int8_t *w = layer->weights + ((size_t)tile * (size_t)layer->groups * PARE_TILE + (size_t)lane) * PARE_GROUP;
  uint32_t sum = (uint32_t)layer->bias[output];
  for (int32_t group = 0; group < layer->groups; group++, w += PARE_TILE * PARE_GROUP)
    for (int32_t k = 0; k < PARE_GROUP; k++) sum += (uint32_t)(x[product->group_offsets[group] + k] * w[k]);
  return (int32_t)sum;
}

PARE_KERNEL(product_u8s8_u8, scalar) {
  const pare_product_u8s8 *product = operands;
  const pare_dense_u8s8 *layer = &product->layer;
  uint8_t *y = output;
  for (int32_t row = 0; row < product->rows; row++, y += product->output_stride)
    for (int32_t o = 0; o < product->outputs; o++) {
      const int64_t scaled =
        (int64_t)accumulate(product, (const uint8_t *)input + product->row_offsets[row], o) * layer->multiplier[o];
      const int32_t shift = layer->shift[o];
      int64_t q = ((scaled + ((int64_t)1 << (shift - 1))) >> shift) + layer->zero_point;
      q = q < layer->low ? layer->low : q;
      y[o] = (uint8_t)(q > 255 ? 255 : q);
    }
}

PARE_KERNEL(product_u8s8_f32, scalar) {
  const pare_product_u8s8 *product = operands;
  float *y = output;
  for (int32_t row = 0; row < product->rows; row++, y += product->output_stride)
    for (int32_t o = 0; o < product->outputs; o++)
      y[o] = (float)accumulate(product, (const uint8_t *)input + product->row_offsets[row], o) * product->layer.scale[o];
}
