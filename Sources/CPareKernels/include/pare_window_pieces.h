// Steps of a window in pieces: sums that go on from what was summed before the newest row came.
#ifndef PARE_WINDOW_PIECES_H
#define PARE_WINDOW_PIECES_H

#include "pare_network_kernels.h"

// dense_f32 whose bias is a value: float seed[outputs], readable to a whole tile.
typedef struct {
  pare_kernel run;
  pare_dense_f32 layer;  // its bias is not read
  size_t seed;           // byte offset in the arena
} pare_seeded_dense_f32;
PARE_STEP(seeded_dense_f32);

// dense_u8s8_u8 or _f32 that goes on from int32_t seed[outputs].
typedef struct {
  pare_kernel run;
  pare_dense_u8s8 layer;  // its bias holds what the zero point takes off
  size_t seed;            // byte offsets in the arena
  size_t scratch;         // int32_t[tiles · PARE_TILE]
  size_t outputs;
} pare_seeded_dense_u8s8;
PARE_STEP(seeded_dense_u8s8);

// Integer sums under a window along one axis: uint8_t x[groups · channels][length] → int32_t y[groups · filters][rows],
// y = bias + sum over channels and taps of (x − zero_point) · w; padding counts for nothing. Modulo 2^32.
typedef struct {
  size_t groups, channels, filters;  // of a group
  size_t length, rows, taps;
  size_t stride, dilation, begin;
  int32_t zero_point;
  const int16_t *weights;            // [groups][channels][taps][filters]
  const int32_t *bias;               // [groups · filters]
  size_t scratch;                    // byte offset of int32_t[filters]
} pare_integer_sums;
PARE_STEP(integer_sums);

#endif
