#ifndef PARE_VARIANT_H
#define PARE_VARIANT_H

#include "pare_inference_kernels.h"
#include "pare_product_kernels.h"

// Contraction would change bits, so that variants would differ.
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#define PARE_X86 1
#elif defined(__aarch64__)
#include <arm_neon.h>
#define PARE_ARM 1
#endif

// The name of a variant's function.
#define PARE_KERNEL(operation, variant) \
  void pare_##operation##_##variant(const void *operands, const void *input, void *output, unsigned char *arena)
#define PARE_AVX2 __attribute__((target("avx2,fma")))
#define PARE_AVXVNNI __attribute__((target("avx2,fma,avxvnni")))
#define PARE_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define PARE_AVX512VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define PARE_AVX512VBMI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")))
#define PARE_AVX2F16C __attribute__((target("avx2,fma,f16c")))
#define PARE_AVX512VPOPCNTDQ __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")))
// NEON itself is part of every aarch64.
#define PARE_NEONDOT __attribute__((target("arch=armv8.2-a+dotprod")))
#define PARE_NEONI8MM __attribute__((target("arch=armv8.2-a+dotprod+i8mm")))
#define PARE_INLINE static inline __attribute__((always_inline))

#endif
