#include "../cpu/variant.h"

#ifdef PARE_X86

PARE_INLINE PARE_AVX512 void finish_avx512(const __m512 *sum, const int count, int32_t relu, float *y) {
  __m512 total = sum[0];
  for (int s = 1; s < count; s++) total = _mm512_add_ps(total, sum[s]);
  // The sum second: max returns its second operand where one is NaN, and Relu passes NaN on.
  _mm512_store_ps(y, relu ? _mm512_max_ps(_mm512_setzero_ps(), total) : total);
}

PARE_INLINE PARE_AVX2 void finish_avx2(const __m256 *sum, const int count, int32_t relu, float *y) {
  __m256 total = sum[0];
  for (int s = 1; s < count; s++) total = _mm256_add_ps(total, sum[s]);
  _mm256_store_ps(y, relu ? _mm256_max_ps(_mm256_setzero_ps(), total) : total);
}

// Four sums, one column each in turn.
PARE_AVX512 PARE_KERNEL(dense_block_f32, avx512) {
  const pare_dense_block *layer = operands;
  const float *x = input;
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    __m512 sum[4] = {
      _mm512_load_ps(layer->bias + tile * PARE_TILE), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    int32_t at = layer->starts[tile];
    const int32_t end = layer->starts[tile + 1];
    for (; at + 4 <= end; at += 4)
      for (int s = 0; s < 4; s++)
        sum[s] = _mm512_fmadd_ps(
          _mm512_set1_ps(x[layer->columns[at + s]]), _mm512_load_ps(layer->weights + (size_t)(at + s) * PARE_TILE), sum[s]);
    for (; at < end; at++)
      sum[0] = _mm512_fmadd_ps(
        _mm512_set1_ps(x[layer->columns[at]]), _mm512_load_ps(layer->weights + (size_t)at * PARE_TILE), sum[0]);
    finish_avx512(sum, 4, layer->relu, (float *)output + tile * PARE_TILE);
  }
}

PARE_AVX2 PARE_KERNEL(dense_block_f32, avx2) {
  const pare_dense_block *layer = operands;
  const float *x = input;
  for (int32_t tile = 0; tile < layer->tiles; tile++)
    for (int half = 0; half < 2; half++) {
      const size_t offset = (size_t)tile * PARE_TILE + (size_t)half * 8;
      __m256 sum[4] = {
        _mm256_load_ps(layer->bias + offset), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
      int32_t at = layer->starts[tile];
      const int32_t end = layer->starts[tile + 1];
      for (; at + 4 <= end; at += 4)
        for (int s = 0; s < 4; s++)
          sum[s] = _mm256_fmadd_ps(
            _mm256_set1_ps(x[layer->columns[at + s]]),
            _mm256_load_ps(layer->weights + (size_t)(at + s) * PARE_TILE + half * 8), sum[s]);
      for (; at < end; at++)
        sum[0] = _mm256_fmadd_ps(
          _mm256_set1_ps(x[layer->columns[at]]), _mm256_load_ps(layer->weights + (size_t)at * PARE_TILE + half * 8),
          sum[0]);
      finish_avx2(sum, 4, layer->relu, (float *)output + offset);
    }
}

/// A block of inputs, which may be the last and not whole: what is behind it is not read.
PARE_INLINE PARE_AVX512 __m512 block_avx512(const pare_dense_slots *layer, const float *x, int32_t block) {
  const int32_t rest = layer->inputs - block * PARE_SLOT_BLOCK;
  const __mmask16 lanes = rest >= 16 ? 0xffff : (__mmask16)((1u << rest) - 1);
  return _mm512_maskz_loadu_ps(lanes, x);
}

PARE_INLINE PARE_AVX2 void block_avx2(const pare_dense_slots *layer, const float *x, int32_t block, __m256 halves[2]) {
  const int32_t rest = layer->inputs - block * PARE_SLOT_BLOCK;
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  halves[0] = _mm256_maskload_ps(x, _mm256_cmpgt_epi32(_mm256_set1_epi32(rest), lane));
  halves[1] = _mm256_maskload_ps(x + 8, _mm256_cmpgt_epi32(_mm256_set1_epi32(rest - 8), lane));
}

// A block's inputs lie in one register, from which every output picks its own.
PARE_AVX512 PARE_KERNEL(dense_slots_f32, avx512) {
  const pare_dense_slots *layer = operands;
  const uint8_t *count = layer->counts, *index = layer->indices;
  const float *w = layer->weights;
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    __m512 sum[2] = {_mm512_load_ps(layer->bias + tile * PARE_TILE), _mm512_setzero_ps()};
    const float *x = input;
    for (int32_t block = 0; block < layer->blocks; block++, count++, x += PARE_SLOT_BLOCK) {
      const __m512 v = block_avx512(layer, x, block);
      int32_t slot = 0;
      for (; slot + 2 <= *count; slot += 2, index += 2 * PARE_TILE, w += 2 * PARE_TILE)
        for (int s = 0; s < 2; s++) {
          const __m512i at = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(index + s * PARE_TILE)));
          sum[s] = _mm512_fmadd_ps(_mm512_permutexvar_ps(at, v), _mm512_load_ps(w + s * PARE_TILE), sum[s]);
        }
      if (slot < *count) {
        const __m512i at = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)index));
        sum[0] = _mm512_fmadd_ps(_mm512_permutexvar_ps(at, v), _mm512_load_ps(w), sum[0]);
        index += PARE_TILE;
        w += PARE_TILE;
      }
    }
    finish_avx512(sum, 2, layer->relu, (float *)output + tile * PARE_TILE);
  }
}

PARE_AVX2 PARE_KERNEL(dense_slots_f32, avx2) {
  const pare_dense_slots *layer = operands;
  const uint8_t *count = layer->counts, *index = layer->indices;
  const float *w = layer->weights;
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    __m256 sum[2];
    for (int half = 0; half < 2; half++) sum[half] = _mm256_load_ps(layer->bias + tile * PARE_TILE + half * 8);
    const float *x = input;
    for (int32_t block = 0; block < layer->blocks; block++, count++, x += PARE_SLOT_BLOCK) {
      __m256 halves[2];
      block_avx2(layer, x, block, halves);
      for (int32_t slot = 0; slot < *count; slot++, index += PARE_TILE, w += PARE_TILE)
        for (int half = 0; half < 2; half++) {
          const __m256i at = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(index + half * 8)));
          const __m256 v = _mm256_blendv_ps(
            _mm256_permutevar8x32_ps(halves[0], at), _mm256_permutevar8x32_ps(halves[1], at),
            _mm256_castsi256_ps(_mm256_slli_epi32(at, 28)));
          sum[half] = _mm256_fmadd_ps(v, _mm256_load_ps(w + half * 8), sum[half]);
        }
    }
    for (int half = 0; half < 2; half++)
      finish_avx2(sum + half, 1, layer->relu, (float *)output + tile * PARE_TILE + half * 8);
  }
}

#endif
