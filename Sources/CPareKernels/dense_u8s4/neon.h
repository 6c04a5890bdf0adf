// The NEON kernels, for a file that defines PARE_TARGET, PARE_NEON_NAME(operation) and `chunk_sum`: four outputs against
// PARE_CHUNK inputs, each weight 8 more than it is.

/// Four outputs of a tile, from `lane` on.
PARE_INLINE PARE_TARGET int32x4_t accumulate(const pare_dense_u8s4 *layer, const uint8_t *x, int32_t tile, int lane) {
  const size_t chunks = (size_t)layer->chunks, group_chunks = (size_t)layer->group_chunks;
  const size_t groups = (chunks + group_chunks - 1) / group_chunks, chunk_bytes = PARE_CHUNK / 2 * PARE_TILE;
  const uint8_t *w = layer->weights + (size_t)tile * chunks * chunk_bytes + (size_t)lane * 4;
  const uint8_t *multiplier = layer->group_multiplier + (size_t)tile * groups * PARE_TILE + lane;
  uint32x4_t total = vreinterpretq_u32_s32(vld1q_s32(layer->bias + tile * PARE_TILE + lane));
  for (size_t g = 0; g < groups; g++, multiplier += PARE_TILE) {
    const size_t end = (g + 1) * group_chunks < chunks ? (g + 1) * group_chunks : chunks;
    uint32x4_t sum = vdupq_n_u32(0);
    uint32_t inputs = 0;
    for (size_t c = g * group_chunks; c < end; c++) {
      sum = vaddq_u32(sum, chunk_sum(x + c * PARE_CHUNK, w + c * chunk_bytes));
      inputs += vaddlvq_u8(vld1q_u8(x + c * PARE_CHUNK)) + vaddlvq_u8(vld1q_u8(x + c * PARE_CHUNK + 16));
    }
    const uint32x4_t m = {multiplier[0], multiplier[1], multiplier[2], multiplier[3]};
    total = vmlaq_u32(total, vsubq_u32(sum, vdupq_n_u32(8 * inputs)), m);
  }
  return vreinterpretq_s32_u32(total);
}

PARE_TARGET PARE_NEON_NAME(dense_u8s4_u8) {
  const pare_dense_u8s4 *layer = operands;
  uint8_t *y = output;
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    const int32_t offset = tile * PARE_TILE;
    const pare_requantization to = {layer->multiplier + offset, layer->shift + offset, layer->zero_point, layer->low};
    int32x4_t sum[4];
    for (int quarter = 0; quarter < 4; quarter++) sum[quarter] = accumulate(layer, input, tile, quarter * 4);
    vst1q_u8(y + offset, pare_requantize_tile_neon(sum, &to));
  }
}

PARE_TARGET PARE_NEON_NAME(dense_u8s4_f32) {
  const pare_dense_u8s4 *layer = operands;
  float *y = output;
  for (int32_t o = 0; o < layer->tiles * PARE_TILE; o += 4) {
    const int32x4_t sum = accumulate(layer, input, o / PARE_TILE, o % PARE_TILE);
    vst1q_f32(y + o, vmulq_f32(vcvtq_f32_s32(sum), vld1q_f32(layer->scale + o)));
  }
}
