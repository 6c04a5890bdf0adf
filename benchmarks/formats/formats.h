#ifndef PARE_FORMATS_H
#define PARE_FORMATS_H

#include "CPareKernels.h"

#include <math.h>

/// One kernel with operands, and the least that a call of it took.
typedef struct {
  char name[64];
  pare_kernel run;
  const void *operands;
  const void *input;
  void *output;
  size_t row_bytes;   // from one row to the next, of ROWS; 0 for one over and over
  int least_rounds;   // in a turn: more where the first finds its memory out of the caches
  double least;
} contestant;

enum { ROWS = 1024, ROOM = 64 };

extern contestant all[ROOM];
extern int count;

uint64_t draw(void);
/// In −1 … 1.
float number(void);
/// Zeroed memory, with great pages from a mebibyte on, as a plan asks for them.
void *place(size_t bytes);
/// Frees all that was placed.
void release(void);
size_t up(size_t n, size_t to);
/// What the system calls the processor.
const char *processor_name(void);
/// Whether these extensions have more than the scalar variant of an operation.
int has_kernel(pare_operation operation);
contestant *enter(const char *name, pare_operation operation, const void *operands, const void *input, void *output);
/// Runs all that were entered in turn.
void take_turns(double seconds);

/// Times products that leave zeros out against dense ones, and prints the share of weights at which each breaks even.
void sparse_products(size_t inputs, size_t outputs, double seconds);
/// Prints a cost table of integer products with zeros left out, and of dense ones.
void print_costs(const char *set);

#endif
