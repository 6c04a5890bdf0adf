// Private: selective scans on integers, compiled once per instruction set, after scan_passes.h. See vector_passes.h.

// h = sat((decay * h + drive * factor + 2^14) >> 15) of `count` numbers: decay and drive are the halves of a table's entries.
PARE_INLINE void quantized_scan_update(
    const uint32_t *restrict entries, const int16_t *restrict factors, int16_t *restrict h, size_t count) {
  for (size_t j = 0; j < count; j++) {
    const int32_t decay = (int16_t)(entries[j] & 0xffffu), drive = (int32_t)entries[j] >> 16;
    int32_t next = (decay * h[j] + drive * factors[j] + (1 << 14)) >> 15;
    next = next < -32768 ? -32768 : next;
    h[j] = (int16_t)(next > 32767 ? 32767 : next);
  }
}

typedef int32_t pare_i4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int16_t pare_s4 __attribute__((vector_size(8), aligned(2), may_alias));
typedef uint8_t pare_u4 __attribute__((vector_size(4), aligned(1), may_alias));

// One step of neighbouring lanes from `row` on, whose states are h.
PARE_INLINE void quantized_scan_lanes(
    const pare_quantized_scan *scan, size_t row, size_t lanes, int16_t *restrict h, float *restrict y,
    uint32_t *restrict entries, int16_t *restrict factors, const size_t states, const size_t channels) {
  const size_t size = states * channels;
  for (size_t lane = 0; lane < lanes; lane++) {
    const uint8_t *x = scan->x + (row + lane) * channels, *b = scan->b + (row + lane) * states;
    const uint32_t *table = scan->table;
    for (size_t c = 0; c < channels; c++, table += 256 * states) {
      const uint32_t *entry = table + x[c] * states;
      for (size_t s = 0; s < states; s++) entries[lane * size + s * channels + c] = entry[s];
    }
    for (size_t s = 0; s < states; s++) {
      const int16_t factor = (int16_t)((b[s] - scan->b_zero_point) * 128);
      for (size_t c = 0; c < channels; c++) factors[lane * size + s * channels + c] = factor;
    }
  }
  quantized_scan_update(entries, factors, h, lanes * size);
  for (size_t lane = 0; lane < lanes; lane++) {
    const uint8_t *x = scan->x + (row + lane) * channels, *out = scan->c + (row + lane) * states;
    const int16_t *own = h + lane * size;
    float *to = y + (row + lane) * channels;
    size_t c = 0;
    for (; c + 4 <= channels; c += 4) {
      pare_i4 sum = {0};
      for (size_t s = 0; s < states; s++) {
        sum += (out[s] - scan->c_zero_point) * __builtin_convertvector(*(const pare_s4 *)(own + s * channels + c), pare_i4);
      }
      const pare_i4 code = __builtin_convertvector(*(const pare_u4 *)(x + c), pare_i4) - scan->x_zero_point;
      *(pare_v4 *)(to + c) = __builtin_convertvector(sum, pare_v4) * scan->scale +
                             __builtin_convertvector(code, pare_v4) * *(const pare_v4 *)(scan->skip + c);
    }
    for (; c < channels; c++) {
      int32_t sum = 0;
      for (size_t s = 0; s < states; s++) sum += (out[s] - scan->c_zero_point) * own[s * channels + c];
      to[c] = (float)sum * scan->scale + (float)(x[c] - scan->x_zero_point) * scan->skip[c];
    }
  }
}

// What a variant takes of channels with 2 numbers each in a quicker way, and to how many lanes it gets.
#ifndef PARE_QUANTIZED_SCAN_PAIRS
#define PARE_QUANTIZED_SCAN_PAIRS(scan, row, lanes, h, y, channels) 0
#endif

#define PARE_SCAN_PAIRS(n)                                                                                                   \
  do {                                                                                                                      \
    const size_t done = PARE_QUANTIZED_SCAN_PAIRS(scan, row, lanes, h, y, n);                                               \
    quantized_scan_lanes(scan, row + done, lanes - done, h + done * 2 * n, y, entries, factors, 2, n);                      \
  } while (0)

PARE_KERNEL void quantized_scan(const pare_quantized_scan *scan, float *y, int16_t *last) {
  const size_t size = scan->states * scan->channels, together = PARE_SCAN_BLOCK / size;
  int16_t own[PARE_SCAN_BLOCK], factors[PARE_SCAN_BLOCK];
  uint32_t entries[PARE_SCAN_BLOCK];
  for (size_t batch = 0; batch < scan->batch; batch++) {
    for (size_t lane = 0; lane < scan->lanes; lane += together) {
      const size_t lanes = scan->lanes - lane < together ? scan->lanes - lane : together;
      const size_t place = (batch * scan->lanes + lane) * size;
      int16_t *h = last ? last + place : own;
      const int16_t *first = scan->state ? scan->state + place : 0;
      for (size_t j = 0; j < lanes * size && h != first; j++) h[j] = first ? first[j] : 0;
      for (size_t step = 0; step < scan->steps; step++) {
        const size_t row = (batch * scan->steps + step) * scan->lanes + lane;
        // Extents that the compiler knows: loops over them are unrolled.
        if (scan->states == 2 && scan->channels == 2) PARE_SCAN_PAIRS(2);
        else if (scan->states == 2 && scan->channels == 4) PARE_SCAN_PAIRS(4);
        else if (scan->states == 2 && scan->channels == 8) PARE_SCAN_PAIRS(8);
        else if (scan->states == 4 && scan->channels == 8) quantized_scan_lanes(scan, row, lanes, h, y, entries, factors, 4, 8);
        else quantized_scan_lanes(scan, row, lanes, h, y, entries, factors, scan->states, scan->channels);
      }
    }
  }
}

extern const pare_scan_kernels PARE_JOIN(pare_scan_kernels_, PARE_VARIANT);
const pare_scan_kernels PARE_JOIN(pare_scan_kernels_, PARE_VARIANT) = {
  .variant = PARE_VARIANT_NAME, .scan = scan, .gradient = scan_gradient, .quantized = quantized_scan,
};
