#include "../cpu/variant.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX512VNNI
#define PARE_ZMM_NAME(operation) PARE_KERNEL(operation, avx512vnni)

// VPSHUFB wants the upper half of an index clear.
PARE_INLINE PARE_TARGET __m512i pick_low(__m512i indices, __m512i inputs) {
  return _mm512_shuffle_epi8(inputs, _mm512_and_si512(indices, _mm512_set1_epi8(15)));
}

PARE_INLINE PARE_TARGET __m512i pick_high(__m512i indices, __m512i inputs) {
  return pick_low(_mm512_srli_epi16(indices, 4), inputs);
}

#include "zmm.h"

PARE_INLINE PARE_TARGET __m512i four_inputs(const uint8_t *x) {
  int32_t four;
  __builtin_memcpy(&four, x, 4);
  return _mm512_set1_epi32(four);
}

PARE_INLINE PARE_TARGET __m512i block_tile(const pare_sparse_u8s8 *of, int32_t tile, pare_walk *at) {
  pare_sums sums = begin(&of->layer, tile);
  int32_t left = of->counts[tile];
  for (; left >= 4; left -= 4, at->w += 4 * PARE_LINE, at->columns += 4)
    for (int k = 0; k < 4; k++)
      sums.of[k] = _mm512_dpbusd_epi32(
        sums.of[k], four_inputs(at->x + at->columns[k]), _mm512_load_si512(at->w + PARE_LINE * k));
  for (; left > 0; left--, at->w += PARE_LINE, at->columns++)
    sums.of[0] = _mm512_dpbusd_epi32(sums.of[0], four_inputs(at->x + at->columns[0]), _mm512_load_si512(at->w));
  return total(&sums);
}

PARE_AVX512VNNI PARE_KERNEL(dense_block_u8s8_u8, avx512vnni) {
  const pare_sparse_u8s8 *of = operands;
  pare_walk at = {of->layer.weights, of->columns, input};
  for (int32_t tile = 0; tile < of->layer.tiles; tile++) end_u8(&of->layer, block_tile(of, tile, &at), tile, output);
}

PARE_AVX512VNNI PARE_KERNEL(dense_block_u8s8_f32, avx512vnni) {
  const pare_sparse_u8s8 *of = operands;
  pare_walk at = {of->layer.weights, of->columns, input};
  for (int32_t tile = 0; tile < of->layer.tiles; tile++) end_f32(&of->layer, block_tile(of, tile, &at), tile, output);
}

#endif
