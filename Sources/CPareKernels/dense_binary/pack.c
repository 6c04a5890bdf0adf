#include "pare_inference_kernels.h"
#include "pare_product_kernels.h"

void pare_dense_binary_pack(const uint8_t *signs, size_t outputs, size_t inputs, uint32_t *packed) {
  const size_t tiles = (outputs + PARE_TILE - 1) / PARE_TILE, words = pare_sign_words(inputs);
  for (size_t tile = 0; tile < tiles; tile++)
    for (size_t word = 0; word < words; word++)
      for (size_t lane = 0; lane < PARE_TILE; lane++) {
        const size_t o = tile * PARE_TILE + lane;
        uint32_t bits = 0;
        for (size_t bit = 0; bit < PARE_SIGN_WORD; bit++) {
          const size_t i = word * PARE_SIGN_WORD + bit;
          if (o < outputs && i < inputs && signs[o * inputs + i]) bits |= (uint32_t)1 << bit;
        }
        *packed++ = bits;
      }
}
