// Private: products with 8 outputs of rows of any length, sixteen rows to a register: an input's byte is broadcast by no load of its own, which
// is what takes longest otherwise, and the rows are turned over instead.

/// Groups of four inputs from `group` on of 16 rows: lane r of to[k] has group `group + k` of row r.
PARE_INLINE PARE_AVX512VNNI void four_groups(const uint8_t *const rows[16], size_t offset, __m512i to[4]) {
  __m512i z[4];
  for (int k = 0; k < 4; k++) {
    z[k] = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)(rows[k] + offset)));
    z[k] = _mm512_inserti32x4(z[k], _mm_loadu_si128((const __m128i *)(const void *)(rows[k + 4] + offset)), 1);
    z[k] = _mm512_inserti32x4(z[k], _mm_loadu_si128((const __m128i *)(const void *)(rows[k + 8] + offset)), 2);
    z[k] = _mm512_inserti32x4(z[k], _mm_loadu_si128((const __m128i *)(const void *)(rows[k + 12] + offset)), 3);
  }
  const __m512i a = _mm512_unpacklo_epi32(z[0], z[1]), b = _mm512_unpackhi_epi32(z[0], z[1]);
  const __m512i c = _mm512_unpacklo_epi32(z[2], z[3]), d = _mm512_unpackhi_epi32(z[2], z[3]);
  to[0] = _mm512_unpacklo_epi64(a, c);
  to[1] = _mm512_unpackhi_epi64(a, c);
  to[2] = _mm512_unpacklo_epi64(b, d);
  to[3] = _mm512_unpackhi_epi64(b, d);
}

/// sum[o] of 16 rows becomes rows[k] and rows[k + 4]: the 8 outputs of rows k and k + 4, and of rows k + 8 and k + 12.
PARE_INLINE PARE_AVX512VNNI void turned_sums(const __m512i sum[8], __m512i rows[8]) {
  __m512i four[2][4];
  for (int half = 0; half < 2; half++) {
    const __m512i *s = sum + 4 * half;
    const __m512i a = _mm512_unpacklo_epi32(s[0], s[1]), b = _mm512_unpackhi_epi32(s[0], s[1]);
    const __m512i c = _mm512_unpacklo_epi32(s[2], s[3]), d = _mm512_unpackhi_epi32(s[2], s[3]);
    four[half][0] = _mm512_unpacklo_epi64(a, c);
    four[half][1] = _mm512_unpackhi_epi64(a, c);
    four[half][2] = _mm512_unpacklo_epi64(b, d);
    four[half][3] = _mm512_unpackhi_epi64(b, d);
  }
  const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  for (int k = 0; k < 4; k++) {
    rows[k] = _mm512_permutex2var_epi64(four[0][k], low, four[1][k]);
    rows[k + 4] = _mm512_permutex2var_epi64(four[0][k], high, four[1][k]);
  }
}

/// Whether a product is one of these: inputs of a row side by side, and outputs of all rows.
PARE_INLINE int is_eight(const pare_product_u8s8 *product) {
  if (product->outputs != 8 || product->output_stride != 8) return 0;
  int32_t differs = 0;
  for (int32_t g = 0; g < product->layer.groups; g++) differs |= product->group_offsets[g] ^ g * PARE_GROUP;
  return !differs;
}

/// Whole blocks of 16 rows; returns the rows that are done.
PARE_INLINE PARE_AVX512VNNI int32_t eight_u8(const pare_product_u8s8 *product, const uint8_t *x, uint8_t *y) {
  narrow_layer own;
  repeat(product, &own);
  const pare_dense_u8s8 *layer = &product->layer;
  const int32_t groups = layer->groups;
  int32_t row = 0;
  for (; row + 16 <= product->rows; row += 16) {
    const uint8_t *rows[16];
    for (int r = 0; r < 16; r++) rows[r] = x + product->row_offsets[row + r];
    __m512i sum[8], inputs[4];
    for (int o = 0; o < 8; o++) sum[o] = _mm512_set1_epi32(layer->bias[o]);
    int32_t g = 0;
#define PARE_ADD_GROUP(bytes, group)                                                                              \
  for (int o = 0; o < 8; o++) {                                                                                  \
    int32_t weights;                                                                                             \
    __builtin_memcpy(&weights, layer->weights + (size_t)((group)*PARE_TILE + o) * PARE_GROUP, 4);                \
    sum[o] = _mm512_dpbusd_epi32(sum[o], bytes, _mm512_set1_epi32(weights));                                     \
  }
    for (; g + 4 <= groups; g += 4) {
      four_groups(rows, (size_t)(g * PARE_GROUP), inputs);
      for (int k = 0; k < 4; k++) PARE_ADD_GROUP(inputs[k], g + k);
    }
    for (; g < groups; g++) {
      int32_t lanes[16] __attribute__((aligned(64)));
      for (int r = 0; r < 16; r++) __builtin_memcpy(&lanes[r], rows[r] + g * PARE_GROUP, 4);
      PARE_ADD_GROUP(_mm512_load_si512(lanes), g);
    }
    __m512i turned[8];
    turned_sums(sum, turned);
    for (int k = 0; k < 8; k++) {
      const __m128i bytes = requantize(&own.layer, turned[k], 0);
      uint8_t *to = y + (size_t)(row + (k < 4 ? k : k + 4)) * 8;
      _mm_storel_epi64((__m128i *)(void *)to, bytes);
      _mm_storel_epi64((__m128i *)(void *)(to + 4 * 8), _mm_unpackhi_epi64(bytes, bytes));
    }
  }
  return row;
}
