#include "../cpu/tile_walk.h"
#include "requantized_zmm.h"

#ifdef PARE_X86

#define PARE_CHAINS 8

/// `tiles` tiles of one row; the groups are dealt out to `splits` partial sums each, up to eight chains of VPDPBUSD.
PARE_INLINE PARE_AVX512VNNI void one_row(
  const pare_gate_products *layer, const uint8_t *x, int16_t *y, int32_t first, const int tiles, const int splits
) {
  const size_t groups = (size_t)layer->groups, tile_bytes = PARE_TILE * PARE_GROUP;
  const int8_t *w = (const int8_t *)layer->weights + (size_t)first * groups * tile_bytes;
  __m512i sum[PARE_CHAINS];
  for (int t = 0; t < tiles; t++)
    for (int s = 0; s < splits; s++)
      sum[t * splits + s] =
        s == 0 ? _mm512_load_si512(layer->bias + (first + t) * PARE_TILE) : _mm512_setzero_si512();
  size_t g = 0;
  for (; g + (size_t)splits <= groups; g += (size_t)splits)
    for (int s = 0; s < splits; s++) {
      const __m512i v = four_of(x + (g + (size_t)s) * PARE_GROUP);
      for (int t = 0; t < tiles; t++)
        sum[t * splits + s] = _mm512_dpbusd_epi32(
          sum[t * splits + s], v, _mm512_load_si512(w + ((size_t)t * groups + g + (size_t)s) * tile_bytes));
    }
  for (; g < groups; g++) {
    const __m512i v = four_of(x + g * PARE_GROUP);
    for (int t = 0; t < tiles; t++)
      sum[t * splits] =
        _mm512_dpbusd_epi32(sum[t * splits], v, _mm512_load_si512(w + ((size_t)t * groups + g) * tile_bytes));
  }
  for (int t = 0; t < tiles; t++) {
    for (int width = splits / 2; width > 0; width /= 2)
      for (int s = 0; s < width; s++)
        sum[t * splits + s] = _mm512_add_epi32(sum[t * splits + s], sum[t * splits + s + width]);
    store_requantized(layer, sum[t * splits], first + t, y);
  }
}

/// `tiles` tiles of four rows: a weight is read once for all of them.
PARE_INLINE PARE_AVX512VNNI void four_rows(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, int16_t *y, size_t y_stride, int32_t first,
  const int tiles
) {
  const size_t groups = (size_t)layer->groups, tile_bytes = PARE_TILE * PARE_GROUP;
  const int8_t *w = (const int8_t *)layer->weights + (size_t)first * groups * tile_bytes;
  __m512i sum[4][4];
  for (int t = 0; t < tiles; t++)
    for (int r = 0; r < 4; r++) sum[t][r] = _mm512_load_si512(layer->bias + (first + t) * PARE_TILE);
  for (size_t g = 0; g < groups; g++) {
    __m512i v[4];
    for (int r = 0; r < 4; r++) v[r] = four_of(x + (size_t)r * x_stride + g * PARE_GROUP);
    for (int t = 0; t < tiles; t++) {
      const __m512i weights = _mm512_load_si512(w + ((size_t)t * groups + g) * tile_bytes);
      for (int r = 0; r < 4; r++) sum[t][r] = _mm512_dpbusd_epi32(sum[t][r], v[r], weights);
    }
  }
  for (int r = 0; r < 4; r++)
    for (int t = 0; t < tiles; t++) store_requantized(layer, sum[t][r], first + t, y + (size_t)r * y_stride);
}

static PARE_AVX512VNNI void products(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride
) {
  for (; rows >= 4; rows -= 4, x += 4 * x_stride, y += 4 * y_stride) {
    int32_t tile = 0;
    for (; tile + 4 <= layer->tiles; tile += 4) four_rows(layer, x, x_stride, y, y_stride, tile, 4);
    for (; tile < layer->tiles; tile++) four_rows(layer, x, x_stride, y, y_stride, tile, 1);
  }
  const int by_tile = goes_tile_by_tile(layer->groups, layer->tiles);
  for (; rows > 0; rows--, x += x_stride, y += y_stride) {
    int32_t tile = 0;
    if (!by_tile) {
      for (; tile + 8 <= layer->tiles; tile += 8) one_row(layer, x, y, tile, 8, 1);
      for (; tile + 4 <= layer->tiles; tile += 4) one_row(layer, x, y, tile, 4, 2);
      for (; tile + 2 <= layer->tiles; tile += 2) one_row(layer, x, y, tile, 2, 4);
    }
    for (; tile < layer->tiles; tile++) one_row(layer, x, y, tile, 1, 8);
  }
}

static const int16_t base[64] __attribute__((aligned(64))) = {PARE_TANH_BASE};
static const int16_t delta[64] __attribute__((aligned(64))) = {PARE_TANH_DELTA};

typedef struct {
  __m512i base[2], delta[2];
} table;

PARE_INLINE PARE_AVX512VNNI table load_table(void) {
  return (table){
    {_mm512_load_si512(base), _mm512_load_si512(base + 32)}, {_mm512_load_si512(delta), _mm512_load_si512(delta + 32)}};
}

/// What a number of fractional bits says of a look-up.
typedef struct {
  __m512i limit;
  __m128i width, rest;
} argument;

PARE_INLINE PARE_AVX512VNNI argument argument_of(int32_t bits) {
  const int32_t limit = (1 << (bits + 2)) - 1;
  return (argument){_mm512_set1_epi16((int16_t)limit), _mm_cvtsi32_si128(bits - 4), _mm_cvtsi32_si128(19 - bits)};
}

/// tanh(v · 2^−bits) · 2^15: VPERMI2W looks 32 lanes up in 64 entries.
PARE_INLINE PARE_AVX512VNNI __m512i hyperbolic_tangent(__m512i v, argument a, table t) {
  const __m512i m = _mm512_min_epu16(_mm512_abs_epi16(v), a.limit);
  const __m512i k = _mm512_srl_epi16(m, a.width);
  const __m512i fraction = _mm512_and_si512(_mm512_sll_epi16(m, a.rest), _mm512_set1_epi16(0x7fff));
  const __m512i from = _mm512_permutex2var_epi16(t.base[0], k, t.base[1]);
  const __m512i way = _mm512_mulhrs_epi16(_mm512_permutex2var_epi16(t.delta[0], k, t.delta[1]), fraction);
  const __m512i sign = _mm512_srai_epi16(v, 15);
  return _mm512_sub_epi16(_mm512_xor_si512(_mm512_add_epi16(from, way), sign), sign);
}

PARE_INLINE PARE_AVX512VNNI __m512i sigmoid(__m512i v, argument a, table t) {
  const __m512i y = hyperbolic_tangent(v, a, t);
  return _mm512_avg_epu16(_mm512_xor_si512(y, _mm512_set1_epi16(INT16_MIN)), _mm512_setzero_si512());
}

PARE_INLINE PARE_AVX512VNNI __m512i sum(const int16_t *a, const int16_t *b) {
  return _mm512_adds_epi16(_mm512_loadu_si512(a), _mm512_loadu_si512(b));
}

PARE_INLINE PARE_AVX512VNNI void store_bytes(uint8_t *h, __m512i value, __m512i levels) {
  const __m256i q = _mm512_cvtsepi16_epi8(_mm512_mulhrs_epi16(value, levels));
  _mm256_storeu_si256((__m256i *)h, _mm256_xor_si256(q, _mm256_set1_epi8(INT8_MIN)));
}

static PARE_AVX512VNNI void lstm(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *c, uint8_t *h
) {
  const table t = load_table();
  const argument gate = argument_of(PARE_GATE_BITS), half = argument_of(PARE_SIGMOID_BITS);
  const argument whole = argument_of(cell->cell_bits);
  const __m512i unit = _mm512_set1_epi16((int16_t)(1 << cell->cell_bits));
  const __m512i levels = _mm512_set1_epi16((int16_t)cell->state_levels);
  const int32_t n = cell->hidden;
  for (int32_t u = 0; u < n; u += PARE_UNITS) {
    const int16_t *a = by_input + u, *b = by_state + u;
    pare_ask_for_next(cell, u, PARE_UNITS);
    const __m512i i = sigmoid(sum(a, b), half, t);
    const __m512i o = sigmoid(sum(a + n, b + n), half, t);
    const __m512i f = sigmoid(sum(a + 2 * n, b + 2 * n), half, t);
    const __m512i q = hyperbolic_tangent(sum(a + 3 * n, b + 3 * n), gate, t);
    const __m512i kept = _mm512_mulhrs_epi16(f, _mm512_loadu_si512(c + u));
    const __m512i next = _mm512_adds_epi16(kept, _mm512_mulhrs_epi16(_mm512_mulhrs_epi16(i, q), unit));
    _mm512_storeu_si512(c + u, next);
    store_bytes(h + u, _mm512_mulhrs_epi16(o, hyperbolic_tangent(next, whole, t)), levels);
  }
}

static PARE_AVX512VNNI void gru(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *state, uint8_t *h
) {
  const table t = load_table();
  const argument gate = argument_of(PARE_GATE_BITS), half = argument_of(PARE_SIGMOID_BITS);
  const __m512i levels = _mm512_set1_epi16((int16_t)cell->state_levels);
  const int32_t n = cell->hidden;
  for (int32_t u = 0; u < n; u += PARE_UNITS) {
    const int16_t *a = by_input + u, *b = by_state + u;
    pare_ask_for_next(cell, u, PARE_UNITS);
    const __m512i z = sigmoid(sum(a, b), half, t);
    const __m512i r = sigmoid(sum(a + n, b + n), half, t);
    const __m512i linear = _mm512_mulhrs_epi16(r, _mm512_loadu_si512(b + 2 * n));
    const __m512i value = hyperbolic_tangent(_mm512_adds_epi16(_mm512_loadu_si512(a + 2 * n), linear), gate, t);
    const __m512i rest = _mm512_sub_epi16(_mm512_set1_epi16(INT16_MIN), z);  // 2^15 − z, modulo 2^16
    const __m512i next = _mm512_adds_epi16(
      _mm512_mulhrs_epi16(z, _mm512_loadu_si512(state + u)), _mm512_mulhrs_epi16(rest, value));
    _mm512_storeu_si512(state + u, next);
    store_bytes(h + u, next, levels);
  }
}

const pare_recurrent_s16_kernels pare_recurrent_s16_avx512vnni = {
  "avx512vnni", PARE_CPU_AVX512 | PARE_CPU_AVX512VNNI, products, pare_gate_products_s4_avx512vnni, lstm, gru};

#endif
