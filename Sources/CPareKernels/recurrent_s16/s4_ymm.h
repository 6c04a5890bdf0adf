// The 256-bit products with weights of four bits, for a file that defines PARE_TARGET, PARE_S4_KERNEL, and of a pair's half
// the sums: `sums`, with `add` (a group's inputs, broadcast, against the weights of both tiles), `even` and `odd`, each
// with the block's offset in it.

#include "requantized_ymm.h"

/// One pair of one row: tiles in halves, the even one first.
PARE_INLINE PARE_TARGET void one_pair(
  const pare_gate_products *layer, const uint8_t *x, const int32_t *offsets, int16_t *y, const pair_run *run, size_t pair
) {
  const size_t groups = (size_t)layer->groups, size = (size_t)layer->block_groups, pair_bytes = PARE_TILE * PARE_GROUP;
  const int32_t first = (int32_t)(run->first + pair) * 2;
  __m256i total[2][2];
  for (int tile = 0; tile < 2; tile++)
    for (int half = 0; half < 2; half++)
      total[tile][half] = _mm256_load_si256((const __m256i *)(layer->bias + (first + tile) * PARE_TILE + half * 8));
  for (size_t block = 0, g = 0; block < run->blocks; block++) {
    const __m256i offset = _mm256_set1_epi32(offsets[block]);
    sums of[2] = {{offset, offset}, {offset, offset}};
    const size_t end = g + size < groups ? g + size : groups;
    for (; g < end; g++) {
      int32_t four;
      __builtin_memcpy(&four, x + g * PARE_GROUP, 4);
      const __m256i v = _mm256_set1_epi32(four);
      const uint8_t *w = run->weights + (g * run->width + pair) * pair_bytes;
      for (int half = 0; half < 2; half++) add(&of[half], v, _mm256_load_si256((const __m256i *)(w + half * 32)));
    }
    const uint8_t *multiplier = run->multiplier + (block * run->width + pair) * 2 * PARE_TILE;
    for (int half = 0; half < 2; half++) {
      const __m256i by_even = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(multiplier + half * 8)));
      const __m256i by_odd = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(multiplier + PARE_TILE + half * 8)));
      total[0][half] = _mm256_add_epi32(total[0][half], _mm256_mullo_epi32(even(&of[half]), by_even));
      total[1][half] = _mm256_add_epi32(total[1][half], _mm256_mullo_epi32(odd(&of[half]), by_odd));
    }
  }
  for (int tile = 0; tile < 2 && first + tile < layer->tiles; tile++) store_requantized(layer, total[tile], first + tile, y);
}

PARE_TARGET void PARE_S4_KERNEL(
  const pare_gate_products *layer, const uint8_t *x, size_t x_stride, size_t rows, int16_t *y, size_t y_stride
) {
  int32_t offsets[PARE_S4_ROWS][PARE_GATE_BLOCKS];
  for (size_t done = 0; done < rows; done += PARE_S4_ROWS, x += PARE_S4_ROWS * x_stride, y += PARE_S4_ROWS * y_stride) {
    const size_t count = rows - done < PARE_S4_ROWS ? rows - done : PARE_S4_ROWS;
    for (size_t row = 0; row < count; row++) block_offsets(layer, x + row * x_stride, offsets[row]);
    for (size_t first = 0; first < pair_count(layer); first += PARE_PAIRS) {
      const pair_run run = run_at(layer, first);
      for (size_t row = 0; row < count; row++)
        for (size_t pair = 0; pair < run.width; pair++)
          one_pair(layer, x + row * x_stride, offsets[row], y + row * y_stride, &run, pair);
    }
  }
}
