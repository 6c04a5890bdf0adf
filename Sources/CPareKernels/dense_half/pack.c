#include "pare_inference_kernels.h"
#include "pare_product_kernels.h"

void pare_dense_half_pack(
  const uint16_t *weights, size_t outputs, size_t inputs, size_t output_stride, size_t input_stride, uint16_t *packed
) {
  const size_t tiles = (outputs + PARE_TILE - 1) / PARE_TILE;
  for (size_t tile = 0; tile < tiles; tile++)
    for (size_t i = 0; i < inputs; i++)
      for (size_t lane = 0; lane < PARE_TILE; lane++) {
        const size_t o = tile * PARE_TILE + lane;
        *packed++ = o < outputs ? weights[o * output_stride + i * input_stride] : 0;
      }
}
