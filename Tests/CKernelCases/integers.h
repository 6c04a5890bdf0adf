#ifndef PARE_INTEGER_CASES_H
#define PARE_INTEGER_CASES_H

#include "cases.h"

/// What follows an accumulator, the same for all layers on integers.
typedef struct {
  int32_t *bias, *multiplier, *shift;
  float *scale;
  int32_t zero_point, low;
} pare_ending;

pare_ending pare_draw_ending(pare_case_walk *walk, int outputs, int extreme);
/// A layer without weights that ends so.
pare_dense_u8s8 pare_ending_layer(pare_case_walk *walk, const pare_ending *to, int outputs);
/// Runs a case of accumulators that are known: `one` has its name, operands and input.
void pare_finish_integers(
  pare_case_walk *walk, pare_operation operation, const pare_ending *to, const int32_t *sums, int outputs, pare_case *one);

#endif
