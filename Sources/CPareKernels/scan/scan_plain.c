#define PARE_VARIANT plain
#define PARE_VARIANT_NAME "plain"
#define PARE_TARGET
#include "scan_passes.h"
#include "quantized_scan_passes.h"
