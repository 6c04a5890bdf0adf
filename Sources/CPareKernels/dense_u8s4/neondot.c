#include "../cpu/requantize.h"

#ifdef PARE_ARM

// As in neon.c, with UDOT.
PARE_INLINE PARE_NEONDOT uint32x4_t chunk_sum(const uint8_t *x, const uint8_t *w) {
  uint32x4_t sum[2] = {vdupq_n_u32(0), vdupq_n_u32(0)};
  for (int j = 0; j < PARE_CHUNK / 8; j++) {
    const uint8x16_t two = veorq_u8(vld1q_u8(w + j * PARE_TILE * 4), vdupq_n_u8(0x88));
    uint32_t four[2];
    __builtin_memcpy(four, x + j * 8, 8);
    sum[0] = vdotq_u32(sum[0], vreinterpretq_u8_u32(vdupq_n_u32(four[0])), vandq_u8(two, vdupq_n_u8(15)));
    sum[1] = vdotq_u32(sum[1], vreinterpretq_u8_u32(vdupq_n_u32(four[1])), vshrq_n_u8(two, 4));
  }
  return vaddq_u32(sum[0], sum[1]);
}

#define PARE_TARGET PARE_NEONDOT
#define PARE_NEON_NAME(operation) PARE_KERNEL(operation, neondot)
#include "neon.h"

#endif
