#include "../cpu/variant.h"

PARE_KERNEL(pack_signs, scalar) {
  const pare_pack_signs *step = operands;
  const float *x = input;
  uint8_t *bits = output;
  const int32_t bytes = (int32_t)pare_sign_words((size_t)step->count) * (PARE_SIGN_WORD / 8);
  for (int32_t byte = 0; byte < bytes; byte++) {
    uint8_t eight = 0;
    for (int32_t bit = 0; bit < 8; bit++) {
      const int32_t i = byte * 8 + bit;
      if (i < step->count && x[i] >= 0) eight |= (uint8_t)(1 << bit);
    }
    bits[byte] = eight;
  }
}
