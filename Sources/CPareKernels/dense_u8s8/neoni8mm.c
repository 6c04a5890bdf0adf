#include "../cpu/requantize.h"

#ifdef PARE_ARM
#define PARE_TARGET PARE_NEONI8MM
#define PARE_NEON_NAME(operation) PARE_KERNEL(operation, neoni8mm)

PARE_INLINE PARE_NEONI8MM void accumulate(const pare_dense_u8s8 *layer, const uint8_t *x, int32_t tile, int32x4_t sum[4]) {
  const size_t groups = (size_t)layer->groups;
  const int8_t *w = layer->weights + (size_t)tile * groups * PARE_TILE * PARE_GROUP;
  for (int quarter = 0; quarter < 4; quarter++) sum[quarter] = vld1q_s32(layer->bias + tile * PARE_TILE + quarter * 4);
  for (size_t g = 0; g < groups; g++, w += PARE_TILE * PARE_GROUP) {
    uint32_t four;
    __builtin_memcpy(&four, x + g * PARE_GROUP, 4);
    const uint8x16_t v = vreinterpretq_u8_u32(vdupq_n_u32(four));
    for (int quarter = 0; quarter < 4; quarter++)
      sum[quarter] = vusdotq_s32(sum[quarter], v, vld1q_s8(w + quarter * 16));
  }
}

#include "neon.h"
#endif
