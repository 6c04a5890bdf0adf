#include "requantized_zmm.h"
#include "s4.h"

#ifdef PARE_X86

/// Of each pair the sums of the even tile's weights, and of both tiles' as one signed byte: 16 times the odd tile's more.
typedef struct {
  __m512i even, both;
} sums;

/// A group's inputs into one of `splits` sums of each pair.
PARE_INLINE PARE_AVX512VNNI void add_group(
  sums of[PARE_PAIRS * 2], const uint8_t *x, const uint8_t *w, const int width, const int splits, const int split
) {
  const __m512i v = four_of(x);
  for (int p = 0; p < width; p++) {
    const __m512i two = _mm512_load_si512(w + p * PARE_TILE * PARE_GROUP);
    sums *sum = &of[p * splits + split];
    sum->even = _mm512_dpbusd_epi32(sum->even, v, _mm512_and_si512(two, _mm512_set1_epi8(15)));
    sum->both = _mm512_dpbusd_epi32(sum->both, v, two);
  }
}

/// A run of `width` pairs of one row. A block's groups are dealt out to `splits` sums, so that chains of VPDPBUSD hide
/// each other's latency.
PARE_INLINE PARE_AVX512VNNI void one_run(
  const pare_gate_products *layer, const uint8_t *x, const int32_t *offsets, int16_t *y, const pair_run *run,
  const int width, const int splits
) {
  const size_t groups = (size_t)layer->groups, size = (size_t)layer->block_groups;
  const size_t group_bytes = (size_t)width * PARE_TILE * PARE_GROUP;
  const int32_t first = (int32_t)run->first * 2;
  const uint8_t *w = run->weights, *multiplier = run->multiplier;
  __m512i total[PARE_PAIRS * 2];
  for (int t = 0; t < width * 2; t++) total[t] = _mm512_load_si512(layer->bias + (first + t) * PARE_TILE);
  for (size_t block = 0, g = 0; block < run->blocks; block++) {
    const __m512i offset = _mm512_set1_epi32(offsets[block]);
    sums of[PARE_PAIRS * 2];
    for (int s = 0; s < width * splits; s++) {
      const __m512i start = s % splits == 0 ? offset : _mm512_setzero_si512();
      of[s] = (sums){start, start};
    }
    const size_t end = g + size < groups ? g + size : groups;
    for (; g + 8 <= end; g += 8, w += 8 * group_bytes)
      for (int i = 0; i < 8; i++)
        add_group(of, x + (g + (size_t)i) * PARE_GROUP, w + (size_t)i * group_bytes, width, splits, i % splits);
    for (; g < end; g++, w += group_bytes) add_group(of, x + g * PARE_GROUP, w, width, splits, 0);
    for (int p = 0; p < width; p++, multiplier += 2 * PARE_TILE) {
      sums sum = of[p * splits];
      for (int s = 1; s < splits; s++) {
        sum.even = _mm512_add_epi32(sum.even, of[p * splits + s].even);
        sum.both = _mm512_add_epi32(sum.both, of[p * splits + s].both);
      }
      const __m512i odd = _mm512_srai_epi32(_mm512_sub_epi32(sum.both, sum.even), 4);
      const __m512i by_even = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)multiplier));
      const __m512i by_odd = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(multiplier + PARE_TILE)));
      total[p * 2] = _mm512_add_epi32(total[p * 2], _mm512_mullo_epi32(sum.even, by_even));
      total[p * 2 + 1] = _mm512_add_epi32(total[p * 2 + 1], _mm512_mullo_epi32(odd, by_odd));
    }
  }
  const int last = width * 2 - 1;
  for (int t = 0; t < last; t++) store_requantized(layer, total[t], first + t, y);
  if (first + last < layer->tiles) store_requantized(layer, total[last], first + last, y);
}

PARE_AVX512VNNI void pare_gate_products_s4_avx512vnni(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride
) {
  int32_t offsets[PARE_S4_ROWS][PARE_GATE_BLOCKS];
  for (size_t done = 0; done < rows; done += PARE_S4_ROWS, x += PARE_S4_ROWS * x_stride, y += PARE_S4_ROWS * y_stride) {
    const size_t count = rows - done < PARE_S4_ROWS ? rows - done : PARE_S4_ROWS;
    for (size_t row = 0; row < count; row++) block_offsets(layer, x + row * x_stride, offsets[row]);
    // Run by run, so that its weights are near for all rows.
    for (size_t first = 0; first < pair_count(layer); first += PARE_PAIRS) {
      const pair_run run = run_at(layer, first);
      for (size_t row = 0; row < count; row++) {
        const uint8_t *from = x + row * x_stride;
        int16_t *to = y + row * y_stride;
        switch (run.width) {
        case 4: one_run(layer, from, offsets[row], to, &run, 4, 1); break;
        case 3: one_run(layer, from, offsets[row], to, &run, 3, 1); break;
        case 2: one_run(layer, from, offsets[row], to, &run, 2, 2); break;
        default: one_run(layer, from, offsets[row], to, &run, 1, 4);
        }
      }
    }
  }
}

#endif
