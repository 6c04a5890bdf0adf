#include "pare_inference_kernels.h"
#include "pare_product_kernels.h"

void pare_dense_lut4_pack(
  const uint8_t *indices, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride, uint8_t *packed
) {
  const size_t tiles = (outputs + PARE_TILE - 1) / PARE_TILE;
  for (size_t tile = 0; tile < tiles; tile++)
    for (size_t i = 0; i < inputs; i += 2)
      for (size_t lane = 0; lane < PARE_TILE; lane++) {
        const size_t o = tile * PARE_TILE + lane;
        const uint8_t *at = indices + o * output_stride + i * input_stride;
        *packed++ = o < outputs ? (uint8_t)((at[0] & 15) | (i + 1 < inputs ? (at[input_stride] & 15) << 4 : 0)) : 0;
      }
}
