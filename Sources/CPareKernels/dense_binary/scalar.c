#include "../cpu/variant.h"

// Words are little-endian in memory, as the processors are that have kernels.
PARE_INLINE int32_t differing(const pare_dense_binary *layer, const uint8_t *bits, int32_t output) {
  const uint32_t *w =
    layer->weights + (size_t)(output / PARE_TILE) * (size_t)layer->words * PARE_TILE + (size_t)(output % PARE_TILE);
  int32_t count = 0;
  for (int32_t word = 0; word < layer->words; word++) {
    uint32_t x;
    __builtin_memcpy(&x, bits + word * 4, 4);
    count += __builtin_popcount(x ^ w[(size_t)word * PARE_TILE]);
  }
  return count;
}

PARE_KERNEL(dense_binary_f32, scalar) {
  const pare_dense_binary *layer = operands;
  float *y = output;
  for (int32_t o = 0; o < layer->tiles * PARE_TILE; o++) {
    const float product = (float)(layer->inputs - 2 * differing(layer, input, o)) * layer->scale[o];
    y[o] = product + layer->bias[o];
  }
}

PARE_KERNEL(dense_binary_bits, scalar) {
  const pare_dense_binary *layer = operands;
  uint16_t *y = output;
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    uint16_t bits = 0;
    for (int32_t lane = 0; lane < PARE_TILE; lane++)
      if (differing(layer, input, tile * PARE_TILE + lane) <= layer->limit[tile * PARE_TILE + lane])
        bits |= (uint16_t)(1 << lane);
    y[tile] = bits;
  }
  if (layer->tiles % 2) y[layer->tiles] = 0;
}
