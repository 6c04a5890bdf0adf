#define PARE_VARIANT plain
#define PARE_VARIANT_NAME "plain"
#define PARE_TARGET
// Sums that the registers hold: rows of two groups of 16, and rows of one.
#define PARE_WIDE_ROWS 1
#define PARE_NARROW_ROWS 4
#include "attention_passes.h"
