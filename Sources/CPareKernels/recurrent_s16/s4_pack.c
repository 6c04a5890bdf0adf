#include "pare_recurrent_s16.h"

void pare_gate_pack_s4(const int8_t *weights, size_t outputs, size_t inputs, uint8_t *packed) {
  const size_t pairs = pare_gate_pairs(outputs), groups = (inputs + PARE_GROUP - 1) / PARE_GROUP;
  for (size_t first = 0; first < pairs; first += PARE_PAIRS)
    for (size_t group = 0; group < groups; group++)
      for (size_t pair = first; pair < pairs && pair < first + PARE_PAIRS; pair++)
        for (size_t lane = 0; lane < PARE_TILE; lane++)
          for (size_t k = 0; k < PARE_GROUP; k++) {
            const size_t even = pair * 2 * PARE_TILE + lane, odd = even + PARE_TILE, i = group * PARE_GROUP + k;
            const int below = even < outputs && i < inputs ? weights[even * inputs + i] : 0;
            const int above = odd < outputs && i < inputs ? weights[odd * inputs + i] : 0;
            *packed++ = (uint8_t)((below + 8) | (above & 15) << 4);
          }
}

void pare_gate_pack_multipliers(const uint8_t *multipliers, size_t outputs, size_t blocks, uint8_t *packed) {
  const size_t pairs = pare_gate_pairs(outputs);
  for (size_t first = 0; first < pairs; first += PARE_PAIRS)
    for (size_t block = 0; block < blocks; block++)
      for (size_t pair = first; pair < pairs && pair < first + PARE_PAIRS; pair++)
        for (size_t lane = 0; lane < 2 * PARE_TILE; lane++) {
          const size_t o = pair * 2 * PARE_TILE + lane;
          *packed++ = o < outputs ? multipliers[o * blocks + block] : 0;
        }
}
