// The 256-bit kernels, for a file that defines PARE_TARGET, PARE_VARIANT_NAME, PARE_VARIANT_NEEDS, PARE_VARIANT_TABLE,
// PARE_VARIANT_S4 and `dot`: the sum, per 32-bit lane, of four products of unsigned and signed bytes, added to `sum`.

#include "requantized_ymm.h"

#define PARE_CHAINS 4

PARE_INLINE PARE_TARGET void block(
  const pare_gate_products *layer, const uint8_t *x, int16_t *y, int32_t first, const int tiles, const int splits
) {
  const size_t groups = (size_t)layer->groups, tile_bytes = PARE_TILE * PARE_GROUP;
  const int8_t *w = (const int8_t *)layer->weights + (size_t)first * groups * tile_bytes;
  __m256i sum[PARE_CHAINS][2];
  for (int t = 0; t < tiles; t++)
    for (int s = 0; s < splits; s++)
      for (int half = 0; half < 2; half++)
        sum[t * splits + s][half] =
          s == 0 ? _mm256_load_si256((const __m256i *)(layer->bias + (first + t) * PARE_TILE + half * 8))
                 : _mm256_setzero_si256();
  for (size_t g = 0; g < groups; g += (size_t)splits)
    for (int s = 0; s < splits; s++) {
      if (g + (size_t)s >= groups) break;
      int32_t four;
      __builtin_memcpy(&four, x + (g + (size_t)s) * PARE_GROUP, 4);
      const __m256i v = _mm256_set1_epi32(four);
      for (int t = 0; t < tiles; t++)
        for (int half = 0; half < 2; half++)
          sum[t * splits + s][half] = dot(
            sum[t * splits + s][half], v,
            _mm256_load_si256((const __m256i *)(w + ((size_t)t * groups + g + (size_t)s) * tile_bytes + half * 32)));
    }
  for (int t = 0; t < tiles; t++) {
    for (int half = 0; half < 2; half++)
      for (int width = splits / 2; width > 0; width /= 2)
        for (int s = 0; s < width; s++)
          sum[t * splits + s][half] = _mm256_add_epi32(sum[t * splits + s][half], sum[t * splits + s + width][half]);
    store_requantized(layer, sum[t * splits], first + t, y);
  }
}

static PARE_TARGET void products(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride
) {
  for (; rows > 0; rows--, x += x_stride, y += y_stride) {
    int32_t tile = 0;
    for (; tile + 4 <= layer->tiles; tile += 4) block(layer, x, y, tile, 4, 1);
    for (; tile + 2 <= layer->tiles; tile += 2) block(layer, x, y, tile, 2, 2);
    if (tile < layer->tiles) block(layer, x, y, tile, 1, 4);
  }
}

static const int16_t base[64] = {PARE_TANH_BASE}, delta[64] = {PARE_TANH_DELTA};

/// Both halves of the table side by side, four bytes an entry, so that one look-up yields both.
typedef struct {
  int32_t entries[64];
} table;

PARE_INLINE PARE_TARGET void fill(table *t) {
  for (int k = 0; k < 64; k++) t->entries[k] = (int32_t)((uint32_t)(uint16_t)base[k] | (uint32_t)(uint16_t)delta[k] << 16);
}

typedef struct {
  __m256i limit;
  __m128i width, rest;
} argument;

PARE_INLINE PARE_TARGET argument argument_of(int32_t bits) {
  const int32_t limit = (1 << (bits + 2)) - 1;
  return (argument){_mm256_set1_epi16((int16_t)limit), _mm_cvtsi32_si128(bits - 4), _mm_cvtsi32_si128(19 - bits)};
}

/// tanh(v · 2^−bits) · 2^15. Even and odd lanes are looked up by themselves.
PARE_INLINE PARE_TARGET __m256i hyperbolic_tangent(__m256i v, argument a, const table *t) {
  const __m256i m = _mm256_min_epu16(_mm256_abs_epi16(v), a.limit);
  const __m256i k = _mm256_srl_epi16(m, a.width);
  const __m256i fraction = _mm256_and_si256(_mm256_sll_epi16(m, a.rest), _mm256_set1_epi16(0x7fff));
  const __m256i even = _mm256_i32gather_epi32(t->entries, _mm256_and_si256(k, _mm256_set1_epi32(0xffff)), 4);
  const __m256i odd = _mm256_i32gather_epi32(t->entries, _mm256_srli_epi32(k, 16), 4);
  const __m256i from = _mm256_blend_epi16(even, _mm256_slli_epi32(odd, 16), 0xaa);
  const __m256i way = _mm256_mulhrs_epi16(_mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xaa), fraction);
  return _mm256_sign_epi16(_mm256_add_epi16(from, way), _mm256_or_si256(v, _mm256_set1_epi16(1)));
}

PARE_INLINE PARE_TARGET __m256i sigmoid(__m256i v, argument a, const table *t) {
  const __m256i y = hyperbolic_tangent(v, a, t);
  return _mm256_avg_epu16(_mm256_xor_si256(y, _mm256_set1_epi16(INT16_MIN)), _mm256_setzero_si256());
}

PARE_INLINE PARE_TARGET __m256i load(const int16_t *a) { return _mm256_loadu_si256((const __m256i *)a); }

PARE_INLINE PARE_TARGET __m256i sum_of(const int16_t *a, const int16_t *b) { return _mm256_adds_epi16(load(a), load(b)); }

PARE_INLINE PARE_TARGET void store_bytes(uint8_t *h, __m256i value, __m256i levels) {
  const __m256i q = _mm256_mulhrs_epi16(value, levels);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
  _mm_storeu_si128((__m128i *)h, _mm_xor_si128(bytes, _mm_set1_epi8(INT8_MIN)));
}

static PARE_TARGET void lstm(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *c, uint8_t *h
) {
  table t;
  fill(&t);
  const argument gate = argument_of(PARE_GATE_BITS), half = argument_of(PARE_SIGMOID_BITS);
  const argument whole = argument_of(cell->cell_bits);
  const __m256i unit = _mm256_set1_epi16((int16_t)(1 << cell->cell_bits));
  const __m256i levels = _mm256_set1_epi16((int16_t)cell->state_levels);
  const int32_t n = cell->hidden;
  for (int32_t u = 0; u < n; u += PARE_UNITS / 2) {
    const int16_t *a = by_input + u, *b = by_state + u;
    const __m256i i = sigmoid(sum_of(a, b), half, &t);
    const __m256i o = sigmoid(sum_of(a + n, b + n), half, &t);
    const __m256i f = sigmoid(sum_of(a + 2 * n, b + 2 * n), half, &t);
    const __m256i q = hyperbolic_tangent(sum_of(a + 3 * n, b + 3 * n), gate, &t);
    const __m256i kept = _mm256_mulhrs_epi16(f, load(c + u));
    const __m256i next = _mm256_adds_epi16(kept, _mm256_mulhrs_epi16(_mm256_mulhrs_epi16(i, q), unit));
    _mm256_storeu_si256((__m256i *)(c + u), next);
    store_bytes(h + u, _mm256_mulhrs_epi16(o, hyperbolic_tangent(next, whole, &t)), levels);
  }
}

static PARE_TARGET void gru(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *state, uint8_t *h
) {
  table t;
  fill(&t);
  const argument gate = argument_of(PARE_GATE_BITS), half = argument_of(PARE_SIGMOID_BITS);
  const __m256i levels = _mm256_set1_epi16((int16_t)cell->state_levels);
  const int32_t n = cell->hidden;
  for (int32_t u = 0; u < n; u += PARE_UNITS / 2) {
    const int16_t *a = by_input + u, *b = by_state + u;
    const __m256i z = sigmoid(sum_of(a, b), half, &t);
    const __m256i r = sigmoid(sum_of(a + n, b + n), half, &t);
    const __m256i linear = _mm256_mulhrs_epi16(r, load(b + 2 * n));
    const __m256i value = hyperbolic_tangent(_mm256_adds_epi16(load(a + 2 * n), linear), gate, &t);
    const __m256i rest = _mm256_sub_epi16(_mm256_set1_epi16(INT16_MIN), z);  // 2^15 − z, modulo 2^16
    const __m256i next = _mm256_adds_epi16(_mm256_mulhrs_epi16(z, load(state + u)), _mm256_mulhrs_epi16(rest, value));
    _mm256_storeu_si256((__m256i *)(state + u), next);
    store_bytes(h + u, next, levels);
  }
}

const pare_recurrent_s16_kernels PARE_VARIANT_TABLE = {
  PARE_VARIANT_NAME, PARE_VARIANT_NEEDS, products, PARE_VARIANT_S4, lstm, gru};
