#include "pare_inference_kernels.h"
#include "pare_product_kernels.h"

void pare_dense_u8s4_pack(const int8_t *weights, size_t outputs, size_t inputs, uint8_t *packed) {
  const size_t tiles = (outputs + PARE_TILE - 1) / PARE_TILE;
  const size_t octets = (inputs + PARE_CHUNK - 1) / PARE_CHUNK * (PARE_CHUNK / 8);
  for (size_t tile = 0; tile < tiles; tile++)
    for (size_t octet = 0; octet < octets; octet++)
      for (size_t lane = 0; lane < PARE_TILE; lane++)
        for (size_t k = 0; k < 4; k++) {
          const size_t o = tile * PARE_TILE + lane, low = octet * 8 + k, high = low + 4;
          const int below = o < outputs && low < inputs ? weights[o * inputs + low] : 0;
          const int above = o < outputs && high < inputs ? weights[o * inputs + high] : 0;
          *packed++ = (uint8_t)((below & 15) | (above & 15) << 4);
        }
}

void pare_dense_u8s4_pack_multipliers(const uint8_t *multipliers, size_t outputs, size_t groups, uint8_t *packed) {
  const size_t tiles = (outputs + PARE_TILE - 1) / PARE_TILE;
  for (size_t tile = 0; tile < tiles; tile++)
    for (size_t group = 0; group < groups; group++)
      for (size_t lane = 0; lane < PARE_TILE; lane++) {
        const size_t o = tile * PARE_TILE + lane;
        *packed++ = o < outputs ? multipliers[o * groups + group] : 0;
      }
}
