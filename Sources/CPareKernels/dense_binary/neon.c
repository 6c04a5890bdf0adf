#include "../cpu/variant.h"

#ifdef PARE_ARM

/// How many bits differ for the four outputs of a tile from `lane` on. A byte holds the counts of 31 words at most.
PARE_INLINE uint32x4_t differing(const pare_dense_binary *layer, const uint8_t *bits, int32_t tile, int lane) {
  const size_t words = (size_t)layer->words;
  const uint32_t *w = layer->weights + (size_t)tile * words * PARE_TILE + lane;
  uint32x4_t total = vdupq_n_u32(0);
  for (size_t start = 0; start < words; start += 31) {
    const size_t end = start + 31 < words ? start + 31 : words;
    uint8x16_t count = vdupq_n_u8(0);
    for (size_t word = start; word < end; word++) {
      uint32_t x;
      __builtin_memcpy(&x, bits + word * 4, 4);
      const uint32x4_t differs = veorq_u32(vdupq_n_u32(x), vld1q_u32(w + word * PARE_TILE));
      count = vaddq_u8(count, vcntq_u8(vreinterpretq_u8_u32(differs)));
    }
    total = vpadalq_u16(total, vpaddlq_u8(count));
  }
  return total;
}

PARE_KERNEL(dense_binary_f32, neon) {
  const pare_dense_binary *layer = operands;
  float *y = output;
  for (int32_t o = 0; o < layer->tiles * PARE_TILE; o += 4) {
    const int32x4_t count = vreinterpretq_s32_u32(differing(layer, input, o / PARE_TILE, o % PARE_TILE));
    const int32x4_t sum = vsubq_s32(vdupq_n_s32(layer->inputs), vshlq_n_s32(count, 1));
    // By itself, so that it is not contracted with the addition.
    const float32x4_t product = vmulq_f32(vcvtq_f32_s32(sum), vld1q_f32(layer->scale + o));
    vst1q_f32(y + o, vaddq_f32(product, vld1q_f32(layer->bias + o)));
  }
}

PARE_KERNEL(dense_binary_bits, neon) {
  const pare_dense_binary *layer = operands;
  uint16_t *y = output;
  const uint32x4_t weight = {1, 2, 4, 8};
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    uint32_t bits = 0;
    for (int lane = 0; lane < PARE_TILE; lane += 4) {
      const int32x4_t count = vreinterpretq_s32_u32(differing(layer, input, tile, lane));
      const uint32x4_t is_one = vcleq_s32(count, vld1q_s32(layer->limit + tile * PARE_TILE + lane));
      bits |= vaddvq_u32(vandq_u32(is_one, weight)) << lane;
    }
    y[tile] = (uint16_t)bits;
  }
  if (layer->tiles % 2) y[layer->tiles] = 0;
}

#endif
