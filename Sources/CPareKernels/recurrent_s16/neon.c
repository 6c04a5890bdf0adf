#include "s4.h"

#ifdef PARE_ARM
#define PARE_TARGET
#define PARE_VARIANT_TABLE pare_recurrent_s16_neon
#define PARE_VARIANT_NAME "neon"
#define PARE_VARIANT_NEEDS PARE_CPU_NEON
#define PARE_VARIANT_S4 pare_gate_products_s4_neon

/// Bytes are widened to 16 bits; each output has a sum per input of a group, which are added up at the end.
PARE_INLINE void tile_sums(const pare_gate_products *layer, const uint8_t *x, int32_t tile, int32x4_t sum[4]) {
  const size_t groups = (size_t)layer->groups;
  const int8_t *w = (const int8_t *)layer->weights + (size_t)tile * groups * PARE_TILE * PARE_GROUP;
  int32x4_t partial[PARE_TILE];
  for (int lane = 0; lane < PARE_TILE; lane++) partial[lane] = vdupq_n_s32(0);
  for (size_t g = 0; g < groups; g++, w += PARE_TILE * PARE_GROUP) {
    uint32_t four;
    __builtin_memcpy(&four, x + g * PARE_GROUP, 4);
    const int16x8_t v = vreinterpretq_s16_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four))));
    for (int pair = 0; pair < PARE_TILE / 2; pair++) {
      const int16x8_t two = vmovl_s8(vld1_s8(w + pair * 8));
      partial[pair * 2] = vmlal_s16(partial[pair * 2], vget_low_s16(v), vget_low_s16(two));
      partial[pair * 2 + 1] = vmlal_high_s16(partial[pair * 2 + 1], v, two);
    }
  }
  for (int quarter = 0; quarter < 4; quarter++) {
    const int32x4_t *of = partial + quarter * 4;
    const int32x4_t total = vpaddq_s32(vpaddq_s32(of[0], of[1]), vpaddq_s32(of[2], of[3]));
    sum[quarter] = vaddq_s32(total, vld1q_s32(layer->bias + tile * PARE_TILE + quarter * 4));
  }
}

PARE_INLINE uint32x4_t four_lanes(uint32x4_t sum, uint8x16_t x, uint8x16_t w) {
  const uint32x4_t low = vpaddlq_u16(vmull_u8(vget_low_u8(x), vget_low_u8(w)));
  const uint32x4_t high = vpaddlq_u16(vmull_high_u8(x, w));
  return vaddq_u32(sum, vpaddq_u32(low, high));
}

#include "neon.h"
#endif
