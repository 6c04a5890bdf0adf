#include "variant.h"

// The variants' functions, then a table per operation, both from the same lists.
#ifdef PARE_X86
#define PARE_VARIANT_X86(operation, variant, needs) PARE_VARIANT(operation, variant, needs)
#else
#define PARE_VARIANT_X86(operation, variant, needs)
#endif
#ifdef PARE_ARM
#define PARE_VARIANT_ARM(operation, variant, needs) PARE_VARIANT(operation, variant, needs)
#else
#define PARE_VARIANT_ARM(operation, variant, needs)
#endif

#define PARE_VARIANT(operation, variant, needs) PARE_KERNEL(operation, variant);
#include "variants.inc"
#undef PARE_VARIANT

#define PARE_VARIANT(operation, variant, needs) {#variant, needs, pare_##operation##_##variant},
static const pare_kernel_variant find_nan[] = {
#include "../find_nan/variants.inc"
};
static const pare_kernel_variant normalize_f32[] = {
#include "../normalize_f32/variants.inc"
};
static const pare_kernel_variant quantize_f32_u8[] = {
#include "../quantize_f32_u8/variants.inc"
};
static const pare_kernel_variant dense_f32[] = {
#include "../dense_f32/variants.inc"
};
static const pare_kernel_variant product_f32[] = {
#include "../product_f32/variants.inc"
};
static const pare_kernel_variant dense_u8s8_u8[] = {
#include "../dense_u8s8/variants_u8.inc"
};
static const pare_kernel_variant dense_u8s8_f32[] = {
#include "../dense_u8s8/variants_f32.inc"
};
static const pare_kernel_variant product_u8s8_u8[] = {
#include "../product_u8s8/variants_u8.inc"
};
static const pare_kernel_variant product_u8s8_f32[] = {
#include "../product_u8s8/variants_f32.inc"
};
static const pare_kernel_variant softmax_f32[] = {
#include "../softmax_f32/variants.inc"
};
static const pare_kernel_variant softmax_rows_f32[] = {
#include "../softmax_rows_f32/variants.inc"
};
static const pare_kernel_variant decide[] = {
#include "../decide/variants.inc"
};
static const pare_kernel_variant dense_u8s4_u8[] = {
#include "../dense_u8s4/variants_u8.inc"
};
static const pare_kernel_variant dense_u8s4_f32[] = {
#include "../dense_u8s4/variants_f32.inc"
};
static const pare_kernel_variant pack_signs[] = {
#include "../pack_signs/variants.inc"
};
static const pare_kernel_variant dense_binary_f32[] = {
#include "../dense_binary/variants_f32.inc"
};
static const pare_kernel_variant dense_binary_bits[] = {
#include "../dense_binary/variants_bits.inc"
};
static const pare_kernel_variant dense_f16[] = {
#include "../dense_half/variants_f16.inc"
};
static const pare_kernel_variant dense_bf16[] = {
#include "../dense_half/variants_bf16.inc"
};
static const pare_kernel_variant dense_lut4[] = {
#include "../dense_lut4/variants.inc"
};
static const pare_kernel_variant dense_block_f32[] = {
#include "../dense_sparse/variants_block.inc"
};
static const pare_kernel_variant dense_slots_f32[] = {
#include "../dense_sparse/variants_slots.inc"
};
static const pare_kernel_variant dense_block_u8s8_u8[] = {
#include "../dense_sparse_u8s8/variants_block_u8.inc"
};
static const pare_kernel_variant dense_block_u8s8_f32[] = {
#include "../dense_sparse_u8s8/variants_block_f32.inc"
};
static const pare_kernel_variant dense_slots16_u8s8_u8[] = {
#include "../dense_sparse_u8s8/variants_slots16_u8.inc"
};
static const pare_kernel_variant dense_slots16_u8s8_f32[] = {
#include "../dense_sparse_u8s8/variants_slots16_f32.inc"
};
static const pare_kernel_variant dense_slots64_u8s8_u8[] = {
#include "../dense_sparse_u8s8/variants_slots64_u8.inc"
};
static const pare_kernel_variant dense_slots64_u8s8_f32[] = {
#include "../dense_sparse_u8s8/variants_slots64_f32.inc"
};
static const pare_kernel_variant tree_ensemble[] = {
#include "../tree_ensemble/variants.inc"
};

const pare_kernel_variant *pare_kernel_variants(pare_operation operation, size_t *count) {
  switch (operation) {
#define PARE_OPERATION(name) \
  case pare_operation_##name: *count = sizeof name / sizeof name[0]; return name;
  PARE_OPERATIONS(PARE_OPERATION)
#undef PARE_OPERATION
  default: *count = 0; return NULL;
  }
}

const char *pare_operation_name(pare_operation operation) {
  switch (operation) {
#define PARE_OPERATION(name) \
  case pare_operation_##name: return #name;
  PARE_OPERATIONS(PARE_OPERATION)
#undef PARE_OPERATION
  default: return "";
  }
}
