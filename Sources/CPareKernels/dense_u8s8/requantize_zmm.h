// From accumulators to bytes, for the 512-bit kernels.
#include "../cpu/requantize.h"

/// The bytes of a tile whose first output is `offset`.
PARE_INLINE PARE_AVX512VNNI __m128i requantize(const pare_dense_u8s8 *layer, __m512i sum, int32_t offset) {
  if (layer->rounding)
    return pare_requantize_high_avx512(
      sum, layer->multiplier + offset, layer->rounding + offset, layer->high_shift + offset, layer->low);
  const pare_requantization to = {layer->multiplier + offset, layer->shift + offset, layer->zero_point, layer->low};
  return pare_requantize_avx512(sum, &to);
}
