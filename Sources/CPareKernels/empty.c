#include "CPareKernels.h"
