#include "pare.h"

/* The layout that programs are compiled against. */
_Static_assert(sizeof(pare_error) == 512, "part of the ABI");
_Static_assert(sizeof(pare_options) == 4 * sizeof(void *) + 8, "part of the ABI");
_Static_assert(sizeof(pare_value) == 6 * sizeof(void *), "part of the ABI");

uint32_t pare_c_abi_version(void) { return PARE_C_ABI_VERSION; }
const char *pare_version(void) { return PARE_VERSION; }
