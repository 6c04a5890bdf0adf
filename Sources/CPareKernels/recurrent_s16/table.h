#ifndef PARE_RECURRENT_S16_TABLE_H
#define PARE_RECURRENT_S16_TABLE_H

#include "../cpu/variant.h"
#include "pare_recurrent_s16.h"

// The knots of tanh for k in 0 … 63, and the way from each to the next: docs/integer-arithmetic.md, §8.
#define PARE_TANH_BASE                                                                                            \
  0, 2047, 4077, 6077, 8030, 9925, 11749, 13494, 15150, 16714, 18181, 19550, 20821, 21994, 23073, 24061, 24963,   \
    25782, 26525, 27196, 27802, 28346, 28834, 29272, 29663, 30013, 30325, 30602, 30849, 31069, 31264, 31437,      \
    31591, 31727, 31847, 31954, 32049, 32133, 32207, 32272, 32330, 32381, 32426, 32466, 32502, 32533, 32560,      \
    32585, 32606, 32625, 32642, 32657, 32670, 32681, 32691, 32700, 32708, 32715, 32722, 32727, 32732, 32736,      \
    32740, 32743
#define PARE_TANH_DELTA                                                                                           \
  2047, 2030, 2000, 1953, 1895, 1824, 1745, 1656, 1564, 1467, 1369, 1271, 1173, 1079, 988, 902, 819, 743, 671,    \
    606, 544, 488, 438, 391, 350, 312, 277, 247, 220, 195, 173, 154, 136, 120, 107, 95, 84, 74, 65, 58, 51, 45,   \
    40, 36, 31, 27, 25, 21, 19, 17, 15, 13, 11, 10, 9, 8, 7, 7, 5, 5, 4, 4, 3, 3

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
