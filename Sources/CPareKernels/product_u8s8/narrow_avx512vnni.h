// Private: products with 1, 2, 4 or 8 outputs of rows that follow one another, several rows to a register.

/// A layer whose outputs' constants are repeated over a tile, a row's behind the other's.
typedef struct {
  int32_t bias[PARE_TILE], multiplier[PARE_TILE], shift[PARE_TILE], high_shift[PARE_TILE];
  int64_t rounding[PARE_TILE];
  float scale[PARE_TILE];
  pare_dense_u8s8 layer;
} __attribute__((aligned(64))) narrow_layer;

/// Whether a product is one of these: whole groups of inputs, no more than outputs, so that the rows of a tile fit in a register; two
/// registers for one output.
PARE_INLINE int is_narrow(const pare_product_u8s8 *product) {
  const int32_t groups = product->layer.groups, outputs = product->outputs;
  if (outputs != 1 && outputs != 2 && outputs != 4 && outputs != 8) return 0;
  if (groups > (outputs == 1 ? 2 : outputs) || product->output_stride != (size_t)outputs) return 0;
  int32_t differs = 0;
  for (int32_t g = 0; g < groups; g++) differs |= product->group_offsets[g] ^ g * PARE_GROUP;
  for (int32_t row = 0; row < product->rows; row++) differs |= product->row_offsets[row] ^ row * groups * PARE_GROUP;
  return !differs;
}

PARE_INLINE PARE_AVX512VNNI void repeat(const pare_product_u8s8 *product, narrow_layer *to) {
  const pare_dense_u8s8 *from = &product->layer;
  const int32_t last = product->outputs - 1;
  to->layer = *from;
  for (int32_t lane = 0; lane < PARE_TILE; lane++) {
    const int32_t output = lane & last;
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
  to->layer.multiplier = to->multiplier;
  to->layer.shift = to->shift;
  to->layer.scale = to->scale;
  if (from->rounding) {
    to->layer.rounding = to->rounding;
    to->layer.high_shift = to->high_shift;
  }
}

/// Rows from `row` on, as many as fit in a register or, at the end, `rows` of them.
PARE_INLINE PARE_AVX512VNNI void narrow_rows(
  const narrow_layer *own, const __m512i weights[8], __m512i first, const uint8_t *x, void *output, size_t row, int32_t rows,
  const int32_t groups, const int32_t outputs, const int is_whole, const int is_real
) {
  const uint8_t *from = x + row * (size_t)groups * PARE_GROUP;
  const int is_wide = groups > outputs;  // two registers of bytes
  const uint64_t loaded = (1ull << (rows * groups)) - 1;
  const int fills = is_whole && groups >= outputs;
  const __m512i bytes = fills ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi32((__mmask16)loaded, from);
  const uint8_t *behind = from + PARE_TILE * PARE_GROUP;
  const __m512i more = !is_wide ? bytes : fills ? _mm512_loadu_si512(behind) : _mm512_maskz_loadu_epi32((__mmask16)(loaded >> 16), behind);
  __m512i sum = _mm512_load_si512(own->bias);
  for (int32_t g = 0; g < groups; g++) {
    const __m512i lanes = _mm512_add_epi32(first, _mm512_set1_epi32(g));
    const __m512i own_bytes = is_wide ? _mm512_permutex2var_epi32(bytes, lanes, more) : _mm512_permutexvar_epi32(lanes, bytes);
    sum = _mm512_dpbusd_epi32(sum, own_bytes, weights[g]);
  }
  const __mmask16 stored = (__mmask16)((1u << (rows * outputs)) - 1);
  const size_t at = row * (size_t)outputs;
  if (is_real) {
    const __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_load_ps(own->scale));
    if (is_whole) _mm512_storeu_ps((float *)output + at, y);
    else _mm512_mask_storeu_ps((float *)output + at, stored, y);
  } else {
    const __m128i y = requantize(&own->layer, sum, 0);
    if (is_whole) _mm_storeu_si128((__m128i *)(void *)((uint8_t *)output + at), y);
    else _mm_mask_storeu_epi8((uint8_t *)output + at, stored, y);
  }
}

PARE_INLINE PARE_AVX512VNNI void narrow_of(
  const pare_product_u8s8 *product, const uint8_t *x, void *output, const int32_t groups, const int32_t outputs, const int is_real
) {
  narrow_layer own;
  repeat(product, &own);
  int32_t lanes[PARE_TILE] __attribute__((aligned(64)));
  for (int32_t lane = 0; lane < PARE_TILE; lane++) lanes[lane] = lane & (outputs - 1);
  __m512i weights[8];  // by group
  for (int32_t g = 0; g < groups; g++)
    weights[g] = _mm512_permutexvar_epi32(
      _mm512_load_si512(lanes), _mm512_load_si512(own.layer.weights + (size_t)g * PARE_TILE * PARE_GROUP));
  for (int32_t lane = 0; lane < PARE_TILE; lane++) lanes[lane] = lane / outputs * groups;
  const __m512i first = _mm512_load_si512(lanes);
  const int32_t together = PARE_TILE / outputs;
  int32_t row = 0;
  for (; row + together <= product->rows; row += together)
    narrow_rows(&own, weights, first, x, output, (size_t)row, together, groups, outputs, 1, is_real);
  if (row < product->rows) narrow_rows(&own, weights, first, x, output, (size_t)row, product->rows - row, groups, outputs, 0, is_real);
}

/// Extents that the compiler knows for the usual ones.
PARE_INLINE PARE_AVX512VNNI void narrow(const pare_product_u8s8 *product, const uint8_t *x, void *output, const int is_real) {
  const int32_t groups = product->layer.groups, outputs = product->outputs;
  if (groups == 2 && outputs == 2) narrow_of(product, x, output, 2, 2, is_real);
  else if (groups == 2 && outputs == 4) narrow_of(product, x, output, 2, 4, is_real);
  else if (groups == 2 && outputs == 1) narrow_of(product, x, output, 2, 1, is_real);
  else narrow_of(product, x, output, groups, outputs, is_real);
}
