// Private: selective scans and their gradients, compiled once per instruction set. See vector_passes.h.
#include "../vector_passes.h"

// The sum of x * y, in 16 partial sums.
PARE_INLINE float scan_dot(const float *x, const float *y, size_t count) {
  const size_t whole = count / PARE_LANES * PARE_LANES;
  pare_v16 sum = {0};
  for (size_t j = 0; j < whole; j += PARE_LANES) sum += PARE_LOAD16(x + j) * PARE_LOAD16(y + j);
  float lanes[PARE_LANES];
  PARE_STORE16(lanes, sum);
  for (size_t j = whole; j < count; j++) lanes[j - whole] += x[j] * y[j];
  return pare_lanes_sum(lanes);
}

// One step of one lane: next[s, c] = kept[s, c] * before[s, c] + delta[c] * b[s] * x[c] with kept = exp(delta[c] * a[s, c]).
// kept may be null; next may be before.
PARE_INLINE void scan_step(
    const float *restrict x, const float *restrict delta, const float *restrict a, const float *restrict b, const float *before,
    float *next, float *restrict kept, size_t states, size_t channels) {
  for (size_t s = 0; s < states; s++) {
    const float *restrict rate = a + s * channels;
    const float *from = before + s * channels;
    float *to = next + s * channels;
    if (kept) {
      float *restrict share = kept + s * channels;
      for (size_t c = 0; c < channels; c++) {
        share[c] = pare_exponential(delta[c] * rate[c]);
        to[c] = share[c] * from[c] + delta[c] * b[s] * x[c];
      }
    } else {
      for (size_t c = 0; c < channels; c++) to[c] = pare_exponential(delta[c] * rate[c]) * from[c] + delta[c] * b[s] * x[c];
    }
  }
}

PARE_INLINE void scan_start(const float *state, float *h, size_t count) {
  for (size_t j = 0; j < count; j++) h[j] = state ? state[j] : 0;
}

typedef float pare_v8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float pare_v4 __attribute__((vector_size(16), aligned(4), may_alias));
#define PARE_SCAN_AT(type, x) (*(type *)(x))
#define PARE_SCAN_FROM(type, x) (*(const type *)(x))

// One step of neighbouring lanes from `row` on, whose states are h, channels in groups of a type's elements. Each number is computed
// as by scan_step.
#define PARE_SCAN_LANES(name, type)                                                                                  \
  PARE_INLINE void name(                                                                                             \
      const pare_scan *scan, size_t row, size_t lanes, float *restrict h, float *restrict y,                         \
      float *restrict arguments, float *restrict terms, const size_t states, const size_t channels) {                \
    const size_t width = sizeof(type) / sizeof(float);                                                               \
    size_t at = 0;                                                                                                   \
    for (size_t lane = 0; lane < lanes; lane++) {                                                                    \
      const float *x = scan->x + (row + lane) * channels, *delta = scan->delta + (row + lane) * channels;            \
      const float *b = scan->b + (row + lane) * states;                                                              \
      for (size_t s = 0; s < states; s++) {                                                                          \
        for (size_t c = 0; c < channels; c += width, at += width) {                                                  \
          const type d = PARE_SCAN_FROM(type, delta + c);                                                            \
          PARE_SCAN_AT(type, arguments + at) = d * PARE_SCAN_FROM(type, scan->a + s * channels + c);                 \
          PARE_SCAN_AT(type, terms + at) = d * b[s] * PARE_SCAN_FROM(type, x + c);                                   \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
    for (size_t j = 0; j < at; j++) h[j] = pare_exponential(arguments[j]) * h[j] + terms[j];                         \
    for (size_t lane = 0; lane < lanes; lane++) {                                                                    \
      const float *x = scan->x + (row + lane) * channels, *out = scan->c + (row + lane) * states;                    \
      const float *own = h + lane * states * channels;                                                               \
      for (size_t c = 0; c < channels; c += width) {                                                                 \
        type sum = {0};                                                                                              \
        if (scan->d) sum = PARE_SCAN_FROM(type, scan->d + c) * PARE_SCAN_FROM(type, x + c);                          \
        for (size_t s = 0; s < states; s++) sum += out[s] * PARE_SCAN_FROM(type, own + s * channels + c);            \
        PARE_SCAN_AT(type, y + (row + lane) * channels + c) = sum;                                                   \
      }                                                                                                              \
    }                                                                                                                \
  }
PARE_SCAN_LANES(scan_lanes_16, pare_v16)
PARE_SCAN_LANES(scan_lanes_8, pare_v8)
PARE_SCAN_LANES(scan_lanes_4, pare_v4)
PARE_SCAN_LANES(scan_lanes_1, float)

PARE_INLINE void scan_narrow(const pare_scan *scan, float *y, float *last) {
  const size_t states = scan->states, channels = scan->channels, size = states * channels;
  const size_t together = PARE_SCAN_BLOCK / size;
  float own[PARE_SCAN_BLOCK], arguments[PARE_SCAN_BLOCK], terms[PARE_SCAN_BLOCK];
  for (size_t batch = 0; batch < scan->batch; batch++) {
    for (size_t lane = 0; lane < scan->lanes; lane += together) {
      const size_t lanes = scan->lanes - lane < together ? scan->lanes - lane : together;
      const size_t place = (batch * scan->lanes + lane) * size;
      float *h = last ? last + place : own;
      const float *first = scan->state ? scan->state + place : 0;
      if (h != first) scan_start(first, h, lanes * size);
      for (size_t step = 0; step < scan->steps; step++) {
        const size_t row = (batch * scan->steps + step) * scan->lanes + lane;
        // Extents that the compiler knows: loops over them are unrolled.
        if (states == 2 && channels == 4) scan_lanes_4(scan, row, lanes, h, y, arguments, terms, 2, 4);
        else if (states == 4 && channels == 8) scan_lanes_8(scan, row, lanes, h, y, arguments, terms, 4, 8);
        else if (channels % 16 == 0) scan_lanes_16(scan, row, lanes, h, y, arguments, terms, states, channels);
        else if (channels % 8 == 0) scan_lanes_8(scan, row, lanes, h, y, arguments, terms, states, channels);
        else if (channels % 4 == 0) scan_lanes_4(scan, row, lanes, h, y, arguments, terms, states, channels);
        else scan_lanes_1(scan, row, lanes, h, y, arguments, terms, states, channels);
      }
    }
  }
}

PARE_KERNEL void scan(const pare_scan *scan, float *y, float *last, float *scratch) {
  const size_t states = scan->states, channels = scan->channels, size = states * channels;
  if (size > 0 && size <= PARE_SCAN_BLOCK) {
    scan_narrow(scan, y, last);
    return;
  }
  for (size_t batch = 0; batch < scan->batch; batch++) {
    for (size_t lane = 0; lane < scan->lanes; lane++) {
      const size_t place = (batch * scan->lanes + lane) * size;
      float *h = last ? last + place : scratch;
      scan_start(scan->state ? scan->state + place : 0, h, size);
      for (size_t step = 0; step < scan->steps; step++) {
        const size_t row = (batch * scan->steps + step) * scan->lanes + lane;
        const float *restrict x = scan->x + row * channels;
        const float *restrict out = scan->c + row * states;
        float *restrict z = y + row * channels;
        scan_step(x, scan->delta + row * channels, scan->a, scan->b + row * states, h, h, 0, states, channels);
        if (scan->d) {
          const float *restrict d = scan->d;
          for (size_t c = 0; c < channels; c++) z[c] = d[c] * x[c];
        } else {
          for (size_t c = 0; c < channels; c++) z[c] = 0;
        }
        for (size_t s = 0; s < states; s++) {
          const float *restrict from = h + s * channels;
          for (size_t c = 0; c < channels; c++) z[c] += out[s] * from[c];
        }
      }
    }
  }
}

PARE_KERNEL void scan_gradient(
    const pare_scan *scan, const float *dy, const float *dlast, const pare_scan_gradient *gradient, float *scratch) {
  const size_t states = scan->states, channels = scan->channels, size = states * channels, steps = scan->steps;
  float *track = scratch, *kept = track + (steps + 1) * size, *adjoint = kept + steps * size;
  float *restrict terms = adjoint + size;
  float *zeros = terms + channels;
  for (size_t c = 0; c < channels; c++) zeros[c] = 0;
  for (size_t j = 0; j < size; j++) gradient->a[j] = 0;
  for (size_t c = 0; c < channels; c++) gradient->d[c] = 0;
  for (size_t batch = 0; batch < scan->batch; batch++) {
    for (size_t lane = 0; lane < scan->lanes; lane++) {
      const size_t place = (batch * scan->lanes + lane) * size;
      scan_start(scan->state ? scan->state + place : 0, track, size);
      for (size_t step = 0; step < steps; step++) {
        const size_t row = (batch * steps + step) * scan->lanes + lane;
        scan_step(
            scan->x + row * channels, scan->delta + row * channels, scan->a, scan->b + row * states, track + step * size,
            track + (step + 1) * size, kept + step * size, states, channels);
      }
      scan_start(dlast ? dlast + place : 0, adjoint, size);
      for (size_t step = steps; step-- > 0;) {
        const size_t row = (batch * steps + step) * scan->lanes + lane;
        const float *restrict x = scan->x + row * channels;
        const float *restrict delta = scan->delta + row * channels;
        const float *flow = dy ? dy + row * channels : zeros;
        float *restrict dx = gradient->x + row * channels;
        float *restrict ddelta = gradient->delta + row * channels;
        if (scan->d) {
          const float *restrict d = scan->d;
          float *restrict dd = gradient->d;
          for (size_t c = 0; c < channels; c++) {
            dx[c] = d[c] * flow[c];
            dd[c] += x[c] * flow[c];
          }
        } else {
          for (size_t c = 0; c < channels; c++) dx[c] = 0;
        }
        for (size_t c = 0; c < channels; c++) ddelta[c] = 0;
        for (size_t s = 0; s < states; s++) {
          const float *before = track + step * size + s * channels;
          const float *restrict share = kept + step * size + s * channels;
          const float *restrict rate = scan->a + s * channels;
          float *restrict drate = gradient->a + s * channels;
          float *restrict back = adjoint + s * channels;
          const float b = scan->b[row * states + s], out = scan->c[row * states + s];
          gradient->c[row * states + s] = scan_dot(before + size, flow, channels);
          for (size_t c = 0; c < channels; c++) {
            const float own = back[c] + out * flow[c];
            const float moved = own * delta[c];
            const float faded = share[c] * before[c];
            dx[c] += moved * b;
            ddelta[c] += own * (rate[c] * faded + b * x[c]);
            drate[c] += moved * faded;
            terms[c] = moved;
            back[c] = own * share[c];
          }
          gradient->b[row * states + s] = scan_dot(terms, x, channels);
        }
      }
      for (size_t j = 0; j < size; j++) gradient->state[place + j] = scan->state ? adjoint[j] : 0;
    }
  }
}
