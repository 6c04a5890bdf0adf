#define PARE_VARIANT scalar
#define PARE_VARIANT_NAME "scalar"
#define PARE_TARGET
#define PARE_NEEDS 0
#define PARE_ROW_TILES 2
#include "passes.h"
