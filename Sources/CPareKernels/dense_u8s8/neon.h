// The NEON kernels, for a file that defines PARE_TARGET, PARE_NEON_NAME(operation) and `accumulate`: a tile's sums.

PARE_TARGET PARE_NEON_NAME(dense_u8s8_u8) {
  const pare_dense_u8s8 *layer = operands;
  uint8_t *y = output;
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    const int32_t offset = tile * PARE_TILE;
    const pare_requantization to = {layer->multiplier + offset, layer->shift + offset, layer->zero_point, layer->low};
    int32x4_t sum[4];
    accumulate(layer, input, tile, sum);
    vst1q_u8(y + offset, pare_requantize_tile_neon(sum, &to));
  }
}

PARE_TARGET PARE_NEON_NAME(dense_u8s8_f32) {
  const pare_dense_u8s8 *layer = operands;
  float *y = output;
  for (int32_t tile = 0; tile < layer->tiles; tile++) {
    int32x4_t sum[4];
    accumulate(layer, input, tile, sum);
    for (int quarter = 0; quarter < 4; quarter++) {
      const int32_t offset = tile * PARE_TILE + quarter * 4;
      vst1q_f32(y + offset, vmulq_f32(vcvtq_f32_s32(sum[quarter]), vld1q_f32(layer->scale + offset)));
    }
  }
}
