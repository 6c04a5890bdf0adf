#ifndef PARE_REQUANTIZE_H
#define PARE_REQUANTIZE_H

#include "variant.h"

// From accumulators to the integers of the next layer (docs/integer-arithmetic.md, §4), for the layers that end so.

/// The constants of a tile and of the layer.
typedef struct {
  const int32_t *multiplier, *shift;   // of the tile's outputs
  int32_t zero_point, low;
} pare_requantization;

PARE_INLINE uint8_t pare_requantize(int32_t sum, int32_t multiplier, int32_t shift, int32_t zero_point, int32_t low) {
  const int64_t product = (int64_t)sum * multiplier;
  int64_t q = ((product + ((int64_t)1 << (shift - 1))) >> shift) + zero_point;
  q = q < low ? low : q;
  return (uint8_t)(q > 255 ? 255 : q);
}

#ifdef PARE_X86

/// clamp((product + 2^(shift − 1)) >> shift, low, high) in 64-bit lanes.
PARE_INLINE PARE_AVX512 __m512i pare_rescale_avx512(__m512i product, __m512i shift, __m512i low, __m512i high) {
  const __m512i one = _mm512_set1_epi64(1);
  const __m512i half = _mm512_sllv_epi64(one, _mm512_sub_epi64(shift, one));
  const __m512i q = _mm512_srav_epi64(_mm512_add_epi64(product, half), shift);
  return _mm512_min_epi64(_mm512_max_epi64(q, low), high);
}

/// A tile's accumulators to its 16 bytes.
PARE_INLINE PARE_AVX512 __m128i pare_requantize_avx512(__m512i sum, const pare_requantization *to) {
  const __m512i low = _mm512_set1_epi64(to->low - to->zero_point);
  const __m512i high = _mm512_set1_epi64(255 - to->zero_point);
  const __m512i multiplier = _mm512_load_si512(to->multiplier);
  const __m512i shift = _mm512_load_si512(to->shift);
  const __m512i even = pare_rescale_avx512(
    _mm512_mul_epi32(sum, multiplier), _mm512_and_si512(shift, _mm512_set1_epi64(0xffffffff)), low, high);
  const __m512i odd = pare_rescale_avx512(
    _mm512_mul_epi32(_mm512_srli_epi64(sum, 32), _mm512_srli_epi64(multiplier, 32)), _mm512_srli_epi64(shift, 32), low,
    high);
  const __m512i q = _mm512_add_epi32(
    _mm512_mask_mov_epi32(even, 0xaaaa, _mm512_slli_epi64(odd, 32)), _mm512_set1_epi32(to->zero_point));
  return _mm512_cvtepi32_epi8(q);
}

/// A tile's accumulators to its 16 bytes by the upper halves of their products, where every shift has that form
/// (pare_requantization_pack): half the instructions.
///
/// Shapes: multiplier [PARE_TILE], rounding [2][PARE_TILE / 2], high_shift [PARE_TILE].
PARE_INLINE PARE_AVX512 __m128i pare_requantize_high_avx512(
  __m512i sum, const int32_t *multiplier, const int64_t *rounding, const int32_t *high_shift, int32_t low
) {
  const __m512i m = _mm512_load_si512(multiplier);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(sum, m), _mm512_load_si512(rounding));
  const __m512i odd = _mm512_add_epi64(
    _mm512_mul_epi32(_mm512_srli_epi64(sum, 32), _mm512_srli_epi64(m, 32)), _mm512_load_si512(rounding + PARE_TILE / 2));
  const __m512i high = _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xaaaa, odd);
  const __m512i q = _mm512_srav_epi32(high, _mm512_load_si512(high_shift));
  // Nothing is negative any more, so that what is left to do is what saturation does.
  return _mm512_cvtusepi32_epi8(_mm512_max_epi32(q, _mm512_set1_epi32(low)));
}

/// The same in 256-bit lanes. AVX2 has no arithmetic shift of such lanes: flip the sign bit, shift logically, take off
/// what the flipped bit became.
PARE_INLINE PARE_AVX2 __m256i pare_rescale_avx2(__m256i product, __m256i shift, __m256i low, __m256i high) {
  const __m256i one = _mm256_set1_epi64x(1), sign = _mm256_set1_epi64x(INT64_MIN);
  const __m256i half = _mm256_sllv_epi64(one, _mm256_sub_epi64(shift, one));
  const __m256i flipped = _mm256_xor_si256(_mm256_add_epi64(product, half), sign);
  __m256i q = _mm256_sub_epi64(_mm256_srlv_epi64(flipped, shift), _mm256_srlv_epi64(sign, shift));
  q = _mm256_blendv_epi8(q, low, _mm256_cmpgt_epi64(low, q));
  return _mm256_blendv_epi8(q, high, _mm256_cmpgt_epi64(q, high));
}

/// A tile's accumulators, in two halves, to its 16 bytes.
PARE_INLINE PARE_AVX2 __m128i pare_requantize_avx2(const __m256i sum[2], const pare_requantization *to) {
  const __m256i low = _mm256_set1_epi64x(to->low - to->zero_point);
  const __m256i high = _mm256_set1_epi64x(255 - to->zero_point);
  const __m256i zero_point = _mm256_set1_epi32(to->zero_point);
  const __m256i lower_half = _mm256_set1_epi64x(0xffffffff);
  __m256i q[2];
  for (int half = 0; half < 2; half++) {
    const __m256i multiplier = _mm256_load_si256((const __m256i *)(to->multiplier + half * 8));
    const __m256i shift = _mm256_load_si256((const __m256i *)(to->shift + half * 8));
    const __m256i even =
      pare_rescale_avx2(_mm256_mul_epi32(sum[half], multiplier), _mm256_and_si256(shift, lower_half), low, high);
    const __m256i odd = pare_rescale_avx2(
      _mm256_mul_epi32(_mm256_srli_epi64(sum[half], 32), _mm256_srli_epi64(multiplier, 32)),
      _mm256_srli_epi64(shift, 32), low, high);
    q[half] = _mm256_add_epi32(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa), zero_point);
  }
  // packus interleaves the 128-bit lanes of its operands; the permutation puts them in order again.
  const __m256i q16 = _mm256_permute4x64_epi64(_mm256_packus_epi32(q[0], q[1]), 0xd8);
  return _mm_packus_epi16(_mm256_castsi256_si128(q16), _mm256_extracti128_si256(q16, 1));
}

#elif defined(PARE_ARM)

/// Two 64-bit lanes: rounded shifts to the right take ties upwards, as the definition does. SRSHL rounds in full
/// width, so nothing overflows on the way.
PARE_INLINE int64x2_t pare_rescale_neon(int32x2_t sum, const int32_t *multiplier, const int32_t *shift) {
  return vrshlq_s64(vmull_s32(sum, vld1_s32(multiplier)), vnegq_s64(vmovl_s32(vld1_s32(shift))));
}

/// Four accumulators of the tile, from output `lane` on, to integers in low … 255.
PARE_INLINE int32x4_t pare_requantize_neon(int32x4_t sum, const pare_requantization *to, int lane) {
  const int64x2_t low = vdupq_n_s64(to->low - to->zero_point), high = vdupq_n_s64(255 - to->zero_point);
  int64x2_t q[2] = {
    pare_rescale_neon(vget_low_s32(sum), to->multiplier + lane, to->shift + lane),
    pare_rescale_neon(vget_high_s32(sum), to->multiplier + lane + 2, to->shift + lane + 2)};
  for (int half = 0; half < 2; half++) {
    q[half] = vbslq_s64(vcgtq_s64(low, q[half]), low, q[half]);
    q[half] = vbslq_s64(vcgtq_s64(q[half], high), high, q[half]);
  }
  return vaddq_s32(vcombine_s32(vmovn_s64(q[0]), vmovn_s64(q[1])), vdupq_n_s32(to->zero_point));
}

/// A tile's accumulators to its 16 bytes.
PARE_INLINE uint8x16_t pare_requantize_tile_neon(const int32x4_t sum[4], const pare_requantization *to) {
  uint16x4_t narrow[4];
  for (int quarter = 0; quarter < 4; quarter++)
    narrow[quarter] = vmovn_u32(vreinterpretq_u32_s32(pare_requantize_neon(sum[quarter], to, quarter * 4)));
  return vcombine_u8(
    vmovn_u16(vcombine_u16(narrow[0], narrow[1])), vmovn_u16(vcombine_u16(narrow[2], narrow[3])));
}

#endif
#endif
