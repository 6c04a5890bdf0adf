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

void pare_requantization_pack(
  const int32_t *shift, size_t outputs, int32_t zero_point, int64_t *rounding, int32_t *high_shift
) {
  const size_t tiles = (outputs + PARE_TILE - 1) / PARE_TILE;
  for (size_t o = 0; o < tiles * PARE_TILE; o++) {
    const int32_t n = o < outputs ? shift[o] : 53;
    const size_t lane = o % PARE_TILE, half = PARE_TILE / 2;
    rounding[o / PARE_TILE * PARE_TILE + lane % 2 * half + lane / 2] =
      ((int64_t)1 << (n - 1)) + (int64_t)zero_point * ((int64_t)1 << n);
    high_shift[o] = n - 32;
  }
}
