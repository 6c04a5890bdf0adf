#define PARE_VARIANT plain
#define PARE_VARIANT_NAME "plain"
#define PARE_TARGET
#define PARE_WIDTH 4
#define PARE_TILE_ROWS 4
#include "recurrent_passes.h"
