#include "../cpu/variant.h"

#ifdef PARE_X86

// `rows` rows by `tiles` tiles in registers: a weight is loaded once for all rows. Tile 0's columns are those of `mask`
// where it is the last one.
PARE_INLINE PARE_AVX512 void block(
  const pare_product_f32 *layer, const float *x, float *y, size_t tile, const int rows, const int tiles, __mmask16 mask
) {
  const size_t inputs = (size_t)layer->inputs, outputs = (size_t)layer->outputs;
  const float *w = layer->weights + tile * inputs * PARE_TILE;
  __m512 sum[8][2];
  for (int t = 0; t < tiles; t++) {
    const __m512 bias = _mm512_load_ps(layer->bias + (tile + (size_t)t) * PARE_TILE);
    for (int r = 0; r < rows; r++) sum[r][t] = bias;
  }
  for (size_t i = 0; i < inputs; i++) {
    __m512 v[2];
    for (int t = 0; t < tiles; t++) v[t] = _mm512_load_ps(w + ((size_t)t * inputs + i) * PARE_TILE);
    for (int r = 0; r < rows; r++) {
      const __m512 factor = _mm512_set1_ps(x[(size_t)r * inputs + i]);
      for (int t = 0; t < tiles; t++) sum[r][t] = _mm512_fmadd_ps(factor, v[t], sum[r][t]);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int t = 0; t < tiles; t++) {
      // The sum second: max returns its second operand where one is NaN, and Relu passes NaN on.
      if (layer->relu) sum[r][t] = _mm512_max_ps(_mm512_setzero_ps(), sum[r][t]);
      _mm512_mask_storeu_ps(
        y + (size_t)r * outputs + (tile + (size_t)t) * PARE_TILE, t + 1 == tiles ? mask : (__mmask16)0xffff, sum[r][t]);
    }
}

PARE_INLINE PARE_AVX512 void rows_of(const pare_product_f32 *layer, const float *x, float *y, const int rows) {
  const size_t count = ((size_t)layer->outputs + PARE_TILE - 1) / PARE_TILE;
  const __mmask16 last = (__mmask16)(0xffff >> (count * PARE_TILE - (size_t)layer->outputs));
  size_t tile = 0;
  for (; tile + 2 <= count; tile += 2) block(layer, x, y, tile, rows, 2, tile + 2 == count ? last : 0xffff);
  if (tile < count) block(layer, x, y, tile, rows, 1, last);
}

// One output of two, four or eight inputs: several rows to a register, each of which is added up.
PARE_INLINE PARE_AVX512 void narrow_to_one(const pare_product_f32 *layer, const float *x, float *y, const int inputs) {
  const int32_t together = PARE_TILE / inputs;
  float w[PARE_TILE];
  for (int i = 0; i < PARE_TILE; i++) w[i] = layer->weights[i % inputs * PARE_TILE];
  const __m512 weights = _mm512_loadu_ps(w), bias = _mm512_set1_ps(layer->bias[0]);
  const __mmask16 firsts = inputs == 8 ? 0x101 : inputs == 4 ? 0x1111 : 0x5555;
  for (int32_t row = 0; row < layer->rows; row += together) {
    const int32_t rows = layer->rows - row < together ? layer->rows - row : together;
    const __mmask16 loaded = (__mmask16)(0xffff >> (PARE_TILE - rows * inputs));
    __m512 v = _mm512_mul_ps(_mm512_maskz_loadu_ps(loaded, x + (size_t)(row * inputs)), weights);
    if (inputs == 8) v = _mm512_add_ps(v, _mm512_shuffle_f32x4(v, v, 0xb1));
    if (inputs > 2) v = _mm512_add_ps(v, _mm512_permute_ps(v, 0x4e));
    v = _mm512_add_ps(_mm512_add_ps(v, _mm512_permute_ps(v, 0xb1)), bias);
    if (layer->relu) v = _mm512_max_ps(_mm512_setzero_ps(), v);
    _mm512_mask_storeu_ps(y + row, (__mmask16)((1u << rows) - 1), _mm512_maskz_compress_ps(firsts, v));
  }
}

PARE_AVX512 PARE_KERNEL(product_f32, avx512) {
  const pare_product_f32 *layer = operands;
  const float *x = input;
  float *y = output;
  if (layer->outputs == 1 && layer->inputs == 8) {
    narrow_to_one(layer, x, y, 8);
    return;
  }
  if (layer->outputs == 1 && layer->inputs == 2) {
    narrow_to_one(layer, x, y, 2);
    return;
  }
  if (layer->outputs == 1 && layer->inputs == 4) {
    narrow_to_one(layer, x, y, 4);
    return;
  }
  int32_t left = layer->rows;
  for (; left >= 8; left -= 8, x += 8 * (size_t)layer->inputs, y += 8 * (size_t)layer->outputs) rows_of(layer, x, y, 8);
  for (; left >= 4; left -= 4, x += 4 * (size_t)layer->inputs, y += 4 * (size_t)layer->outputs) rows_of(layer, x, y, 4);
  for (; left > 0; left--, x += layer->inputs, y += layer->outputs) rows_of(layer, x, y, 1);
}

#endif
