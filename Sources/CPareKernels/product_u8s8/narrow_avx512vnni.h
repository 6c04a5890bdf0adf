// Private: products with 2, 4 or 8 outputs of rows that follow one another, several rows to a register.

/// A layer whose outputs are repeated over a tile, a row's behind the other's.
typedef struct {
  pare_dense_u8s8 layer;
  __m512i weights[8];              // by group
  int32_t bias[PARE_TILE], multiplier[PARE_TILE], shift[PARE_TILE], high_shift[PARE_TILE];
  int64_t rounding[PARE_TILE];
  float scale[PARE_TILE];
} __attribute__((aligned(64))) narrow_layer;

/// Whether a product is one of these: whole groups of inputs, no more than outputs, so that the rows of a tile fit in a register.
PARE_INLINE int is_narrow(const pare_product_u8s8 *product) {
  const int32_t groups = product->layer.groups, outputs = product->outputs;
  if ((outputs != 2 && outputs != 4 && outputs != 8) || groups > outputs || product->output_stride != (size_t)outputs) return 0;
  int32_t differs = 0;
  for (int32_t g = 0; g < groups; g++) differs |= product->group_offsets[g] ^ g * PARE_GROUP;
  for (int32_t row = 0; row < product->rows; row++) differs |= product->row_offsets[row] ^ row * groups * PARE_GROUP;
  return !differs;
}

PARE_INLINE PARE_AVX512VNNI void repeat(const pare_product_u8s8 *product, narrow_layer *to) {
  const pare_dense_u8s8 *from = &product->layer;
  const int32_t last = product->outputs - 1;
  to->layer = *from;
  __m512i source;
  int32_t lanes[PARE_TILE] __attribute__((aligned(64)));
  for (int32_t lane = 0; lane < PARE_TILE; lane++) {
    const int32_t output = lane & last;
    lanes[lane] = output;
    to->bias[lane] = from->bias[output];
    if (from->scale) to->scale[lane] = from->scale[output];
    if (from->multiplier) to->multiplier[lane] = from->multiplier[output];
    if (from->shift) to->shift[lane] = from->shift[output];
    if (from->rounding) {
      // The even outputs come first, then the odd ones.
      to->rounding[lane % 2 * 8 + lane / 2] = from->rounding[output % 2 * 8 + output / 2];
      to->high_shift[lane] = from->high_shift[output];
    }
  }
  source = _mm512_load_si512(lanes);
  for (int32_t g = 0; g < from->groups; g++)
    to->weights[g] = _mm512_permutexvar_epi32(source, _mm512_load_si512(from->weights + (size_t)g * PARE_TILE * PARE_GROUP));
  to->layer.multiplier = to->multiplier;
  to->layer.shift = to->shift;
  to->layer.scale = to->scale;
  if (from->rounding) {
    to->layer.rounding = to->rounding;
    to->layer.high_shift = to->high_shift;
  }
}

PARE_INLINE PARE_AVX512VNNI void narrow(const pare_product_u8s8 *product, const uint8_t *x, void *output, const int is_real) {
  narrow_layer own;
  repeat(product, &own);
  const int32_t groups = own.layer.groups, outputs = product->outputs, together = PARE_TILE / outputs;
  int32_t lanes[PARE_TILE] __attribute__((aligned(64)));
  for (int32_t lane = 0; lane < PARE_TILE; lane++) lanes[lane] = lane / outputs * groups;
  const __m512i first = _mm512_load_si512(lanes), bias = _mm512_load_si512(own.bias);
  const __m512 scale = _mm512_load_ps(own.scale);
  for (int32_t row = 0; row < product->rows; row += together) {
    const int32_t rows = product->rows - row < together ? product->rows - row : together;
    const __m512i bytes = _mm512_maskz_loadu_epi32(
      (__mmask16)((1u << (rows * groups)) - 1), x + (size_t)row * (size_t)groups * PARE_GROUP);
    __m512i sum = bias;
    for (int32_t g = 0; g < groups; g++) {
      const __m512i own_bytes = _mm512_permutexvar_epi32(_mm512_add_epi32(first, _mm512_set1_epi32(g)), bytes);
      sum = _mm512_dpbusd_epi32(sum, own_bytes, own.weights[g]);
    }
    const __mmask16 stored = (__mmask16)((1u << (rows * outputs)) - 1);
    const size_t at = (size_t)row * (size_t)outputs;
    if (is_real) _mm512_mask_storeu_ps((float *)output + at, stored, _mm512_mul_ps(_mm512_cvtepi32_ps(sum), scale));
    else _mm_mask_storeu_epi8((uint8_t *)output + at, stored, requantize(&own.layer, sum, 0));
  }
}
