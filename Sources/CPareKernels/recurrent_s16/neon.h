// The NEON kernels, for a file that defines PARE_TARGET, PARE_VARIANT_TABLE, PARE_VARIANT_NAME, PARE_VARIANT_NEEDS,
// PARE_VARIANT_S4, `tile_sums` (a tile's accumulators with weights of eight bits) and `four_lanes` (four lanes' sums of a
// group's inputs and unsigned weights, added to `sum`).

/// A tile's accumulators as arguments of gates.
PARE_INLINE PARE_TARGET void store_requantized(
  const pare_gate_products *layer, const int32x4_t acc[4], int32_t tile, int16_t *y
) {
  const int32x4_t rounding = vdupq_n_s32((1 << layer->bits) >> 1), back = vdupq_n_s32(-layer->bits);
  for (int quarter = 0; quarter < 4; quarter++) {
    const int32_t offset = tile * PARE_TILE + quarter * 4;
    const int32x4_t t = vshlq_s32(acc[quarter], vnegq_s32(vld1q_s32(layer->shift + offset)));
    const int32x4_t scaled = vmlaq_s32(rounding, t, vld1q_s32(layer->multiplier + offset));
    vst1_s16(y + offset, vqmovn_s32(vshlq_s32(scaled, back)));
  }
}

static PARE_TARGET void products(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride
) {
  for (; rows > 0; rows--, x += x_stride, y += y_stride)
    for (int32_t tile = 0; tile < layer->tiles; tile++) {
      int32x4_t sum[4];
      tile_sums(layer, x, tile, sum);
      store_requantized(layer, sum, tile, y);
    }
}

/// One pair of one row, four bits: weights are taken as unsigned, 8 more than they are.
PARE_INLINE PARE_TARGET void one_pair(
  const pare_gate_products *layer, const uint8_t *x, const int32_t *offsets, int16_t *y, const pair_run *run, size_t pair
) {
  const size_t groups = (size_t)layer->groups, size = (size_t)layer->block_groups, pair_bytes = PARE_TILE * PARE_GROUP;
  const int32_t first = (int32_t)(run->first + pair) * 2;
  int32x4_t total[2][4];
  for (int tile = 0; tile < 2; tile++)
    for (int quarter = 0; quarter < 4; quarter++)
      total[tile][quarter] = vld1q_s32(layer->bias + (first + tile) * PARE_TILE + quarter * 4);
  for (size_t block = 0, g = 0; block < run->blocks; block++) {
    uint32x4_t of[2][4];
    for (int quarter = 0; quarter < 4; quarter++)
      of[0][quarter] = of[1][quarter] = vdupq_n_u32((uint32_t)offsets[block]);
    const size_t end = g + size < groups ? g + size : groups;
    for (; g < end; g++) {
      uint32_t four;
      __builtin_memcpy(&four, x + g * PARE_GROUP, 4);
      const uint8x16_t v = vreinterpretq_u8_u32(vdupq_n_u32(four));
      const uint8_t *w = run->weights + (g * run->width + pair) * pair_bytes;
      for (int quarter = 0; quarter < 4; quarter++) {
        const uint8x16_t two = vld1q_u8(w + quarter * 16);
        of[0][quarter] = four_lanes(of[0][quarter], v, vandq_u8(two, vdupq_n_u8(15)));
        of[1][quarter] = four_lanes(of[1][quarter], v, veorq_u8(vshrq_n_u8(two, 4), vdupq_n_u8(8)));
      }
    }
    const uint8_t *multiplier = run->multiplier + (block * run->width + pair) * 2 * PARE_TILE;
    for (int tile = 0; tile < 2; tile++)
      for (int quarter = 0; quarter < 4; quarter++, multiplier += 4) {
        const int32x4_t m = {multiplier[0], multiplier[1], multiplier[2], multiplier[3]};
        total[tile][quarter] = vmlaq_s32(total[tile][quarter], vreinterpretq_s32_u32(of[tile][quarter]), m);
      }
  }
  for (int tile = 0; tile < 2 && first + tile < layer->tiles; tile++) store_requantized(layer, total[tile], first + tile, y);
}

PARE_TARGET void PARE_VARIANT_S4(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride
) {
  int32_t offsets[PARE_GATE_BLOCKS];
  for (; rows > 0; rows--, x += x_stride, y += y_stride) {
    block_offsets(layer, x, offsets);
    for (size_t first = 0; first < pair_count(layer); first += PARE_PAIRS) {
      const pair_run run = run_at(layer, first);
      for (size_t pair = 0; pair < run.width; pair++) one_pair(layer, x, offsets, y, &run, pair);
    }
  }
}

const pare_recurrent_s16_kernels PARE_VARIANT_TABLE = {
  PARE_VARIANT_NAME, PARE_VARIANT_NEEDS, products, PARE_VARIANT_S4, pare_recurrent_lstm_neon, pare_recurrent_gru_neon};
