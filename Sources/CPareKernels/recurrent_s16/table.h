#ifndef PARE_RECURRENT_S16_TABLE_H
#define PARE_RECURRENT_S16_TABLE_H

#include "../cpu/variant.h"
#include "pare_recurrent_s16.h"

// round(tanh(k / 16) · 2^15) for k in 0 … 63, and the way from each to the next: docs/integer-arithmetic.md, §8.
#define PARE_TANH_BASE                                                                                             \
  0, 2045, 4075, 6073, 8025, 9919, 11743, 13486, 15143, 16706, 18173, 19542, 20813, 21986, 23066, 24054, 24956,   \
    25776, 26519, 27191, 27797, 28341, 28830, 29268, 29660, 30010, 30322, 30600, 30847, 31067, 31262, 31435, 31589, \
    31726, 31846, 31953, 32048, 32132, 32206, 32271, 32329, 32381, 32426, 32466, 32501, 32532, 32560, 32584, 32606, \
    32625, 32642, 32657, 32670, 32681, 32691, 32700, 32708, 32715, 32721, 32727, 32732, 32736, 32740, 32743
#define PARE_TANH_DELTA                                                                                           \
  2045, 2030, 1998, 1952, 1894, 1824, 1743, 1657, 1563, 1467, 1369, 1271, 1173, 1080, 988, 902, 820, 743, 672, 606, \
    544, 489, 438, 392, 350, 312, 278, 247, 220, 195, 173, 154, 137, 120, 107, 95, 84, 74, 65, 58, 52, 45, 40, 35, \
    31, 28, 24, 22, 19, 17, 15, 13, 11, 10, 9, 8, 7, 6, 6, 5, 4, 4, 3, 3

// Fractional bits of the arguments of gates; a sigmoid is half a tanh of half its argument, which has one more.
enum { PARE_GATE_BITS = 12, PARE_SIGMOID_BITS = PARE_GATE_BITS + 1 };

/// Asks for the part of what is read after a step that goes with `count` units from `u` on: 64 bytes a unit, as far as
/// half of a first cache of usual size.
PARE_INLINE void pare_ask_for_next(const pare_recurrent_cell *cell, int32_t u, int32_t count) {
  enum { line = 64, limit = 1 << 14 };
  if (!cell->next || (u + count) * line > limit) return;
  for (int32_t k = 0; k < count; k++) __builtin_prefetch((const char *)cell->next + (size_t)(u + k) * line);
}

// The products with weights of four bits.
#define PARE_PRODUCTS_S4(variant)                                                                                 \
  void pare_gate_products_s4_##variant(                                                                           \
    const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride)
PARE_PRODUCTS_S4(scalar);
#ifdef PARE_X86
PARE_PRODUCTS_S4(avx2);
PARE_PRODUCTS_S4(avxvnni);
PARE_PRODUCTS_S4(avx512vnni);
#elif defined(PARE_ARM)
PARE_PRODUCTS_S4(neon);
PARE_PRODUCTS_S4(neondot);
void pare_recurrent_lstm_neon(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *c, uint8_t *h);
void pare_recurrent_gru_neon(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *state, uint8_t *h);
#endif

#endif
