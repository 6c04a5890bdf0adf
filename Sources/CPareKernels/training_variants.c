#include "pare_training_kernels.h"

#define PARE_TRAINING_VARIANT(variant, supported) \
  extern const pare_elementwise_kernels pare_elementwise_kernels_##variant; \
  extern const pare_reduction_kernels pare_reduction_kernels_##variant; \
  extern const pare_softmax_kernels pare_softmax_kernels_##variant; \
  extern const pare_optimizer_kernels pare_optimizer_kernels_##variant; \
  extern const pare_convolution_kernels pare_convolution_kernels_##variant; \
  extern const pare_recurrent_kernels pare_recurrent_kernels_##variant; \
  extern const pare_attention_kernels pare_attention_kernels_##variant; \
  extern const pare_row_normalization_kernels pare_row_normalization_kernels_##variant; \
  extern const pare_channel_kernels pare_channel_kernels_##variant; \
  extern const pare_pooling_kernels pare_pooling_kernels_##variant; \
  extern const pare_dynamic_kernels pare_dynamic_kernels_##variant; \
  extern const pare_scan_kernels pare_scan_kernels_##variant; \
  extern const pare_panel_kernels pare_panel_kernels_##variant;
#include "training_variants.inc"
#undef PARE_TRAINING_VARIANT

static const pare_training_kernels variants[] = {
#define PARE_TRAINING_VARIANT(variant, supported) \
  { \
    .name = #variant, \
    .elementwise = &pare_elementwise_kernels_##variant, \
    .reduction = &pare_reduction_kernels_##variant, \
    .softmax = &pare_softmax_kernels_##variant, \
    .optimizer = &pare_optimizer_kernels_##variant, \
    .convolution = &pare_convolution_kernels_##variant, \
    .recurrent = &pare_recurrent_kernels_##variant, \
    .attention = &pare_attention_kernels_##variant, \
    .row_normalization = &pare_row_normalization_kernels_##variant, \
    .channels = &pare_channel_kernels_##variant, \
    .pooling = &pare_pooling_kernels_##variant, \
    .dynamic = &pare_dynamic_kernels_##variant, \
    .scan = &pare_scan_kernels_##variant, \
    .panel = &pare_panel_kernels_##variant, \
  },
#include "training_variants.inc"
#undef PARE_TRAINING_VARIANT
};

size_t pare_training_variant_count(void) { return sizeof variants / sizeof variants[0]; }

const pare_training_kernels *pare_training_variant(size_t index) { return &variants[index]; }

bool pare_training_variant_is_supported(size_t index) {
  size_t current = 0;
#define PARE_TRAINING_VARIANT(name, supported) \
  if (current++ == index) return supported;
#include "training_variants.inc"
#undef PARE_TRAINING_VARIANT
  return false;
}

const pare_training_kernels *pare_training_best_variant(void) {
  size_t index = pare_training_variant_count() - 1;
  while (!pare_training_variant_is_supported(index)) index--;
  return &variants[index];
}
