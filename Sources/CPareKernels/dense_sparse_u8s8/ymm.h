// The 256-bit kernels, for a file that defines PARE_TARGET, PARE_YMM_NAME(operation) and `dot`.
#include "../dense_u8s8/requantize_ymm.h"

/// Where a walk over the tiles is.
typedef struct {
  const int8_t *w;
  const int32_t *columns;
  const uint8_t *x;
} pare_walk;

/// Two sums of a tile's two halves; the first begins with the bias.
PARE_INLINE PARE_TARGET void begin(const pare_dense_u8s8 *layer, int32_t tile, __m256i sum[2][2]) {
  for (int half = 0; half < 2; half++) {
    sum[0][half] = _mm256_load_si256((const __m256i *)(layer->bias + tile * PARE_TILE + half * 8));
    sum[1][half] = _mm256_setzero_si256();
  }
}

PARE_INLINE PARE_TARGET __m256i load(const int8_t *w) { return _mm256_load_si256((const __m256i *)w); }

PARE_INLINE PARE_TARGET void add_four(const int8_t *w, const uint8_t *x, __m256i sum[2]) {
  int32_t four;
  __builtin_memcpy(&four, x, 4);
  const __m256i v = _mm256_set1_epi32(four);
  for (int half = 0; half < 2; half++) sum[half] = dot(sum[half], v, load(w + half * 32));
}

PARE_INLINE PARE_TARGET void block_tile(
  const pare_sparse_u8s8 *of, int32_t tile, pare_walk *at, __m256i sum[2][2]
) {
  begin(&of->layer, tile, sum);
  int32_t left = of->counts[tile];
  for (; left >= 2; left -= 2, at->w += 2 * PARE_LINE, at->columns += 2)
    for (int k = 0; k < 2; k++) add_four(at->w + PARE_LINE * k, at->x + at->columns[k], sum[k]);
  if (left > 0) {
    add_four(at->w, at->x + at->columns[0], sum[0]);
    at->w += PARE_LINE;
    at->columns++;
  }
}

/// Two entries of slots, which meet inputs of one block or of two.
PARE_INLINE PARE_TARGET void add_two(const int8_t *w, const uint8_t *first, const uint8_t *second, __m256i sum[2][2]) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i x[2] = {
    _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)first)),
    _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)second))};
  for (int half = 0; half < 2; half++) {
    const __m256i indices = load(w + half * 32);
    const __m256i low = _mm256_and_si256(indices, low_half);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(indices, 4), low_half);
    sum[0][half] = dot(sum[0][half], _mm256_shuffle_epi8(x[0], low), load(w + PARE_LINE + half * 32));
    sum[1][half] = dot(sum[1][half], _mm256_shuffle_epi8(x[1], high), load(w + 2 * PARE_LINE + half * 32));
  }
}

PARE_INLINE PARE_TARGET void slots16_tile(
  const pare_sparse_u8s8 *of, int32_t tile, pare_walk *at, __m256i sum[2][2]
) {
  begin(&of->layer, tile, sum);
  for (int32_t pairs = of->counts[2 * tile]; pairs > 0; pairs--, at->w += 3 * PARE_LINE, at->columns++) {
    const uint8_t *x = at->x + at->columns[0];
    add_two(at->w, x, x, sum);
  }
  for (int32_t singles = of->counts[2 * tile + 1]; singles > 0; singles--, at->w += 3 * PARE_LINE, at->columns += 2)
    add_two(at->w, at->x + at->columns[0], at->x + at->columns[1], sum);
}

PARE_INLINE PARE_TARGET void end_u8(const pare_dense_u8s8 *layer, __m256i sum[2][2], int32_t tile, uint8_t *y) {
  for (int half = 0; half < 2; half++) sum[0][half] = _mm256_add_epi32(sum[0][half], sum[1][half]);
  _mm_store_si128((__m128i *)(y + tile * PARE_TILE), requantize(layer, sum[0], tile * PARE_TILE));
}

PARE_INLINE PARE_TARGET void end_f32(const pare_dense_u8s8 *layer, __m256i sum[2][2], int32_t tile, float *y) {
  for (int half = 0; half < 2; half++) {
    const int32_t offset = tile * PARE_TILE + half * 8;
    const __m256 total = _mm256_cvtepi32_ps(_mm256_add_epi32(sum[0][half], sum[1][half]));
    _mm256_store_ps(y + offset, _mm256_mul_ps(total, _mm256_load_ps(layer->scale + offset)));
  }
}

#define PARE_SPARSE_KERNEL(operation, tile_sums, end) \
  PARE_TARGET PARE_YMM_NAME(operation) { \
    const pare_sparse_u8s8 *of = operands; \
    pare_walk at = {of->layer.weights, of->columns, input}; \
    for (int32_t tile = 0; tile < of->layer.tiles; tile++) { \
      __m256i sum[2][2]; \
      tile_sums(of, tile, &at, sum); \
      end(&of->layer, sum, tile, output); \
    } \
  }

PARE_SPARSE_KERNEL(dense_block_u8s8_u8, block_tile, end_u8)
PARE_SPARSE_KERNEL(dense_block_u8s8_f32, block_tile, end_f32)
PARE_SPARSE_KERNEL(dense_slots16_u8s8_u8, slots16_tile, end_u8)
PARE_SPARSE_KERNEL(dense_slots16_u8s8_f32, slots16_tile, end_f32)
