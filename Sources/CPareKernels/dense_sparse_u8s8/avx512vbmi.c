#include "../cpu/variant.h"

#ifdef PARE_X86
#define PARE_TARGET PARE_AVX512VBMI
#define PARE_ZMM_NAME(operation) PARE_KERNEL(operation, avx512vbmi)

// VPERMB reads six bits of an index, of which the upper two name one of four equal lanes.
PARE_INLINE PARE_TARGET __m512i pick_low(__m512i indices, __m512i inputs) {
  return _mm512_permutexvar_epi8(indices, inputs);
}

PARE_INLINE PARE_TARGET __m512i pick_high(__m512i indices, __m512i inputs) {
  return _mm512_permutexvar_epi8(_mm512_srli_epi16(indices, 4), inputs);
}

#include "zmm.h"

/// An entry, from the 64 inputs of its block.
PARE_INLINE PARE_TARGET __m512i add_entry(const int8_t *w, __m512i inputs, __m512i sum) {
  return _mm512_dpbusd_epi32(
    sum, _mm512_permutexvar_epi8(_mm512_load_si512(w), inputs), _mm512_load_si512(w + PARE_LINE));
}

PARE_INLINE PARE_TARGET __m512i slots64_tile(const pare_sparse_u8s8 *of, int32_t tile, pare_walk *at) {
  pare_sums sums = begin(&of->layer, tile);
  int32_t pairs = of->counts[2 * tile], singles = of->counts[2 * tile + 1];
  for (; pairs > 0; pairs--, at->w += 4 * PARE_LINE, at->columns++) {
    const __m512i v = _mm512_loadu_si512(at->x + at->columns[0]);
    for (int k = 0; k < 2; k++) sums.of[k] = add_entry(at->w + 2 * PARE_LINE * k, v, sums.of[k]);
  }
  for (; singles >= 2; singles -= 2, at->w += 4 * PARE_LINE, at->columns += 2)
    for (int k = 0; k < 2; k++)
      sums.of[2 + k] = add_entry(at->w + 2 * PARE_LINE * k, _mm512_loadu_si512(at->x + at->columns[k]), sums.of[2 + k]);
  if (singles > 0) {
    sums.of[2] = add_entry(at->w, _mm512_loadu_si512(at->x + at->columns[0]), sums.of[2]);
    at->w += 2 * PARE_LINE;
    at->columns++;
  }
  return total(&sums);
}

PARE_AVX512VBMI PARE_KERNEL(dense_slots64_u8s8_u8, avx512vbmi) {
  const pare_sparse_u8s8 *of = operands;
  pare_walk at = {of->layer.weights, of->columns, input};
  for (int32_t tile = 0; tile < of->layer.tiles; tile++) end_u8(&of->layer, slots64_tile(of, tile, &at), tile, output);
}

PARE_AVX512VBMI PARE_KERNEL(dense_slots64_u8s8_f32, avx512vbmi) {
  const pare_sparse_u8s8 *of = operands;
  pare_walk at = {of->layer.weights, of->columns, input};
  for (int32_t tile = 0; tile < of->layer.tiles; tile++) end_f32(&of->layer, slots64_tile(of, tile, &at), tile, output);
}

#endif
