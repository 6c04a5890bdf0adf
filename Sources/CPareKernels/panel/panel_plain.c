#define PARE_VARIANT plain
#define PARE_VARIANT_NAME "plain"
#define PARE_TARGET
#include "panel_passes.h"
