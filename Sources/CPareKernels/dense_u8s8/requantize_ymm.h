// From accumulators to bytes, for the 256-bit kernels of a file that defines PARE_TARGET.
#include "../cpu/requantize.h"

/// The bytes of a tile whose first output is `offset`.
PARE_INLINE PARE_TARGET __m128i requantize(const pare_dense_u8s8 *layer, const __m256i sum[2], int32_t offset) {
  const pare_requantization to = {layer->multiplier + offset, layer->shift + offset, layer->zero_point, layer->low};
  return pare_requantize_avx2(sum, &to);
}
