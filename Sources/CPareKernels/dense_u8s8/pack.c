#include "pare_inference_kernels.h"

void pare_dense_u8s8_pack(const int8_t *weights, size_t outputs, size_t inputs, int8_t *packed) {
  const size_t tiles = (outputs + PARE_TILE - 1) / PARE_TILE, groups = (inputs + PARE_GROUP - 1) / PARE_GROUP;
  for (size_t tile = 0; tile < tiles; tile++)
    for (size_t group = 0; group < groups; group++)
      for (size_t lane = 0; lane < PARE_TILE; lane++)
        for (size_t k = 0; k < PARE_GROUP; k++) {
          const size_t o = tile * PARE_TILE + lane, i = group * PARE_GROUP + k;
          *packed++ = o < outputs && i < inputs ? weights[o * inputs + i] : 0;
        }
}
