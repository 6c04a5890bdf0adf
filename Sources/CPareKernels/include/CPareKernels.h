// Micro-kernels of Pare: they cannot fail and cannot allocate. A folder per operation, a file per instruction set.
#ifndef CPAREKERNELS_H
#define CPAREKERNELS_H

#include "pare_causal_convolution.h"
#include "pare_inference_kernels.h"
#include "pare_pages.h"
#include "pare_recurrent_f32.h"
#include "pare_recurrent_s16.h"
#include "pare_stream.h"
#include "pare_product_kernels.h"
#include "pare_training_kernels.h"
#include "pare_network_kernels.h"
#include "pare_window_pieces.h"

#endif
