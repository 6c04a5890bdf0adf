#define PARE_VARIANT plain
#define PARE_VARIANT_NAME "plain"
#define PARE_TARGET
#define PARE_CONVOLUTION_TILE 1
#include "convolution_passes.h"
