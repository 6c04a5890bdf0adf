#include "../cpu/requantize.h"

// Sums are taken modulo 2^32, as in dense_u8s8; those of a group are far from it.
PARE_INLINE int32_t accumulate(const pare_dense_u8s4 *layer, const uint8_t *x, int32_t output) {
  const int32_t tile = output / PARE_TILE, lane = output % PARE_TILE;
  const int32_t groups = (layer->chunks + layer->group_chunks - 1) / layer->group_chunks;
  const uint8_t *w = layer->weights + ((size_t)tile * (size_t)layer->chunks * (PARE_CHUNK / 8) * PARE_TILE + (size_t)lane) * 4;
  const uint8_t *multiplier = layer->group_multiplier + (size_t)tile * (size_t)groups * PARE_TILE + (size_t)lane;
  uint32_t total = (uint32_t)layer->bias[output];
  int32_t sum = 0;
  for (int32_t chunk = 0; chunk < layer->chunks; chunk++) {
    for (int32_t octet = 0; octet < PARE_CHUNK / 8; octet++, x += 8, w += PARE_TILE * 4)
      for (int32_t k = 0; k < 4; k++) {
        const int32_t below = ((w[k] & 15) ^ 8) - 8, above = (w[k] >> 4 ^ 8) - 8;
        sum += x[k] * below + x[4 + k] * above;
      }
    if ((chunk + 1) % layer->group_chunks == 0 || chunk + 1 == layer->chunks) {
      total += (uint32_t)(sum * *multiplier);
      multiplier += PARE_TILE;
      sum = 0;
    }
  }
  return (int32_t)total;
}

PARE_KERNEL(dense_u8s4_u8, scalar) {
  const pare_dense_u8s4 *layer = operands;
  uint8_t *y = output;
  for (int32_t o = 0; o < layer->tiles * PARE_TILE; o++)
    y[o] = pare_requantize(
      accumulate(layer, input, o), layer->multiplier[o], layer->shift[o], layer->zero_point, layer->low);
}

PARE_KERNEL(dense_u8s4_f32, scalar) {
  const pare_dense_u8s4 *layer = operands;
  float *y = output;
  for (int32_t o = 0; o < layer->tiles * PARE_TILE; o++) y[o] = (float)accumulate(layer, input, o) * layer->scale[o];
}
