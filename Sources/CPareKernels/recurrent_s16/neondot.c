#include "s4.h"

#ifdef PARE_ARM
#define PARE_TARGET PARE_NEONDOT
#define PARE_VARIANT_TABLE pare_recurrent_s16_neondot
#define PARE_VARIANT_NAME "neondot"
#define PARE_VARIANT_NEEDS (PARE_CPU_NEON | PARE_CPU_NEONDOT)
#define PARE_VARIANT_S4 pare_gate_products_s4_neondot

/// UDOT takes unsigned weights: 128 more than they are, and 128 times the sum of the inputs is taken off again.
PARE_INLINE PARE_NEONDOT void tile_sums(const pare_gate_products *layer, const uint8_t *x, int32_t tile, int32x4_t sum[4]) {
  const size_t groups = (size_t)layer->groups;
  const uint8_t *w = (const uint8_t *)layer->weights + (size_t)tile * groups * PARE_TILE * PARE_GROUP;
  uint32x4_t of[4], inputs = vdupq_n_u32(0);
  for (int quarter = 0; quarter < 4; quarter++)
    of[quarter] = vreinterpretq_u32_s32(vld1q_s32(layer->bias + tile * PARE_TILE + quarter * 4));
  for (size_t g = 0; g < groups; g++, w += PARE_TILE * PARE_GROUP) {
    uint32_t four;
    __builtin_memcpy(&four, x + g * PARE_GROUP, 4);
    const uint8x16_t v = vreinterpretq_u8_u32(vdupq_n_u32(four));
    inputs = vdotq_u32(inputs, v, vdupq_n_u8(1));
    for (int quarter = 0; quarter < 4; quarter++)
      of[quarter] = vdotq_u32(of[quarter], v, veorq_u8(vld1q_u8(w + quarter * 16), vdupq_n_u8(0x80)));
  }
  for (int quarter = 0; quarter < 4; quarter++)
    sum[quarter] = vreinterpretq_s32_u32(vsubq_u32(of[quarter], vshlq_n_u32(inputs, 7)));
}

PARE_INLINE PARE_NEONDOT uint32x4_t four_lanes(uint32x4_t sum, uint8x16_t x, uint8x16_t w) { return vdotq_u32(sum, x, w); }

#include "neon.h"
#endif
