#include "../cpu/requantize.h"

#ifdef PARE_ARM

// Weights are taken as unsigned, 8 more than they are, and 8 times the sum of a group's inputs is taken off again.

/// Four outputs against a chunk of inputs. Eight products of at most 255 · 15 stay within 16 bits.
PARE_INLINE uint32x4_t chunk_sum(const uint8_t *x, const uint8_t *w) {
  uint16x8_t first = vdupq_n_u16(0), second = vdupq_n_u16(0);
  for (int j = 0; j < PARE_CHUNK / 8; j++) {
    const uint8x16_t two = veorq_u8(vld1q_u8(w + j * PARE_TILE * 4), vdupq_n_u8(0x88));
    const uint8x16_t below = vandq_u8(two, vdupq_n_u8(15)), above = vshrq_n_u8(two, 4);
    uint32_t four[2];
    __builtin_memcpy(four, x + j * 8, 8);
    const uint8x8_t x0 = vreinterpret_u8_u32(vdup_n_u32(four[0])), x1 = vreinterpret_u8_u32(vdup_n_u32(four[1]));
    first = vmlal_u8(first, x0, vget_low_u8(below));
    second = vmlal_u8(second, x0, vget_high_u8(below));
    first = vmlal_u8(first, x1, vget_low_u8(above));
    second = vmlal_u8(second, x1, vget_high_u8(above));
  }
  return vpaddq_u32(vpaddlq_u16(first), vpaddlq_u16(second));
}

#define PARE_TARGET
#define PARE_NEON_NAME(operation) PARE_KERNEL(operation, neon)
#include "neon.h"

#endif
