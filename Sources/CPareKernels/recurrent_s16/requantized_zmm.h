#ifndef PARE_RECURRENT_S16_REQUANTIZED_ZMM_H
#define PARE_RECURRENT_S16_REQUANTIZED_ZMM_H

#include "table.h"

#ifdef PARE_X86

PARE_INLINE PARE_AVX512VNNI __m512i four_of(const uint8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, 4);
  return _mm512_set1_epi32(four);
}

/// A tile's accumulators as arguments of gates.
PARE_INLINE PARE_AVX512VNNI void store_requantized(
  const pare_gate_products *layer, __m512i acc, int32_t tile, int16_t *y
) {
  const int32_t offset = tile * PARE_TILE;
  const __m512i t = _mm512_srav_epi32(acc, _mm512_load_si512(layer->shift + offset));
  const __m512i product = _mm512_mullo_epi32(t, _mm512_load_si512(layer->multiplier + offset));
  const __m512i rounding = _mm512_set1_epi32((1 << layer->bits) >> 1);
  const __m512i q = _mm512_sra_epi32(_mm512_add_epi32(product, rounding), _mm_cvtsi32_si128(layer->bits));
  _mm256_storeu_si256((__m256i *)(y + offset), _mm512_cvtsepi32_epi16(q));
}

#endif
#endif
