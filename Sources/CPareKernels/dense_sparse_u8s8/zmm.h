// The slots of 16 and what all 512-bit kernels share, for a file that defines PARE_TARGET, PARE_ZMM_NAME(operation) and
// pick_low(indices, inputs), pick_high: for each byte the one of 16 inputs that the lower or upper half of its index names.
#include "../cpu/variant.h"
#include "../dense_u8s8/requantize_zmm.h"

/// Where a walk over the tiles is.
typedef struct {
  const int8_t *w;
  const int32_t *columns;
  const uint8_t *x;
} pare_walk;

/// Four sums, so that chains of VPDPBUSD hide each other's latency; the first begins with the bias.
typedef struct {
  __m512i of[4];
} pare_sums;

PARE_INLINE PARE_TARGET pare_sums begin(const pare_dense_u8s8 *layer, int32_t tile) {
  const __m512i zero = _mm512_setzero_si512();
  return (pare_sums){{_mm512_load_si512(layer->bias + tile * PARE_TILE), zero, zero, zero}};
}

PARE_INLINE PARE_TARGET __m512i total(const pare_sums *sums) {
  return _mm512_add_epi32(
    _mm512_add_epi32(sums->of[0], sums->of[1]), _mm512_add_epi32(sums->of[2], sums->of[3]));
}

PARE_INLINE PARE_TARGET void end_u8(const pare_dense_u8s8 *layer, __m512i sum, int32_t tile, uint8_t *y) {
  _mm_store_si128((__m128i *)(y + tile * PARE_TILE), requantize(layer, sum, tile * PARE_TILE));
}

PARE_INLINE PARE_TARGET void end_f32(const pare_dense_u8s8 *layer, __m512i sum, int32_t tile, float *y) {
  _mm512_store_ps(
    y + tile * PARE_TILE, _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_load_ps(layer->scale + tile * PARE_TILE)));
}

PARE_INLINE PARE_TARGET __m512i sixteen(const uint8_t *x) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)x));
}

/// Two entries, which meet inputs of one block or of two.
PARE_INLINE PARE_TARGET void add_two(const int8_t *w, __m512i first, __m512i second, __m512i sum[2]) {
  const __m512i indices = _mm512_load_si512(w);
  sum[0] = _mm512_dpbusd_epi32(sum[0], pick_low(indices, first), _mm512_load_si512(w + PARE_LINE));
  sum[1] = _mm512_dpbusd_epi32(sum[1], pick_high(indices, second), _mm512_load_si512(w + 2 * PARE_LINE));
}

PARE_INLINE PARE_TARGET __m512i slots16_tile(
  const pare_sparse_u8s8 *of, int32_t tile, pare_walk *at
) {
  pare_sums sums = begin(&of->layer, tile);
  int32_t pairs = of->counts[2 * tile], singles = of->counts[2 * tile + 1];
  for (; pairs >= 2; pairs -= 2, at->w += 6 * PARE_LINE, at->columns += 2)
    for (int k = 0; k < 2; k++) {
      const __m512i v = sixteen(at->x + at->columns[k]);
      add_two(at->w + 3 * PARE_LINE * k, v, v, sums.of + 2 * k);
    }
  if (pairs > 0) {
    const __m512i v = sixteen(at->x + at->columns[0]);
    add_two(at->w, v, v, sums.of);
    at->w += 3 * PARE_LINE;
    at->columns++;
  }
  for (; singles >= 2; singles -= 2, at->w += 6 * PARE_LINE, at->columns += 4)
    for (int k = 0; k < 2; k++)
      add_two(
        at->w + 3 * PARE_LINE * k, sixteen(at->x + at->columns[2 * k]), sixteen(at->x + at->columns[2 * k + 1]), sums.of + 2 * k);
  if (singles > 0) {
    add_two(at->w, sixteen(at->x + at->columns[0]), sixteen(at->x + at->columns[1]), sums.of + 2);
    at->w += 3 * PARE_LINE;
    at->columns += 2;
  }
  return total(&sums);
}

PARE_TARGET PARE_ZMM_NAME(dense_slots16_u8s8_u8) {
  const pare_sparse_u8s8 *of = operands;
  pare_walk at = {of->layer.weights, of->columns, input};
  for (int32_t tile = 0; tile < of->layer.tiles; tile++) end_u8(&of->layer, slots16_tile(of, tile, &at), tile, output);
}

PARE_TARGET PARE_ZMM_NAME(dense_slots16_u8s8_f32) {
  const pare_sparse_u8s8 *of = operands;
  pare_walk at = {of->layer.weights, of->columns, input};
  for (int32_t tile = 0; tile < of->layer.tiles; tile++) end_f32(&of->layer, slots16_tile(of, tile, &at), tile, output);
}
