#include "table.h"

#ifdef PARE_ARM

// Sixteen units at a time: TBL looks 16 bytes up in 64, so the table lies in its lower and its upper bytes.

static const int16_t base[64] = {PARE_TANH_BASE}, delta[64] = {PARE_TANH_DELTA};

typedef struct {
  uint8x16x4_t low, high;
} bytes;

typedef struct {
  bytes base, delta;
} table;

PARE_INLINE bytes load_bytes(const int16_t *from) {
  bytes result;
  for (int i = 0; i < 4; i++) {
    const uint8x16x2_t two = vld2q_u8((const uint8_t *)(from + i * 16));
    result.low.val[i] = two.val[0];
    result.high.val[i] = two.val[1];
  }
  return result;
}

PARE_INLINE int16x8x2_t look_up(bytes in, uint8x16_t index) {
  const uint8x16_t low = vqtbl4q_u8(in.low, index), high = vqtbl4q_u8(in.high, index);
  return (int16x8x2_t){
    {vreinterpretq_s16_u8(vzip1q_u8(low, high)), vreinterpretq_s16_u8(vzip2q_u8(low, high))}};
}

/// tanh(v · 2^−bits) · 2^15. SQRDMULH is ⊗ but for the square of −2^15, which does not occur.
PARE_INLINE int16x8x2_t hyperbolic_tangent(int16x8x2_t v, int32_t bits, table t) {
  const uint16x8_t limit = vdupq_n_u16((uint16_t)((1 << (bits + 2)) - 1));
  const int16x8_t down = vdupq_n_s16((int16_t)(4 - bits)), up = vdupq_n_s16((int16_t)(19 - bits));
  uint16x8_t m[2];
  for (int i = 0; i < 2; i++) m[i] = vminq_u16(vreinterpretq_u16_s16(vabsq_s16(v.val[i])), limit);
  const uint8x16_t k =
    vuzp1q_u8(vreinterpretq_u8_u16(vshlq_u16(m[0], down)), vreinterpretq_u8_u16(vshlq_u16(m[1], down)));
  const int16x8x2_t from = look_up(t.base, k), way = look_up(t.delta, k);
  int16x8x2_t result;
  for (int i = 0; i < 2; i++) {
    const int16x8_t fraction = vreinterpretq_s16_u16(vandq_u16(vshlq_u16(m[i], up), vdupq_n_u16(0x7fff)));
    const int16x8_t y = vaddq_s16(from.val[i], vqrdmulhq_s16(way.val[i], fraction)), sign = vshrq_n_s16(v.val[i], 15);
    result.val[i] = vsubq_s16(veorq_s16(y, sign), sign);
  }
  return result;
}

PARE_INLINE int16x8x2_t sigmoid(int16x8x2_t v, table t) {
  int16x8x2_t y = hyperbolic_tangent(v, PARE_SIGMOID_BITS, t);
  for (int i = 0; i < 2; i++) {
    const uint16x8_t moved = veorq_u16(vreinterpretq_u16_s16(y.val[i]), vdupq_n_u16(0x8000));
    y.val[i] = vreinterpretq_s16_u16(vrhaddq_u16(moved, vdupq_n_u16(0)));
  }
  return y;
}

PARE_INLINE int16x8x2_t load(const int16_t *a) { return (int16x8x2_t){{vld1q_s16(a), vld1q_s16(a + 8)}}; }

PARE_INLINE int16x8x2_t sum(int16x8x2_t a, int16x8x2_t b) {
  return (int16x8x2_t){{vqaddq_s16(a.val[0], b.val[0]), vqaddq_s16(a.val[1], b.val[1])}};
}

PARE_INLINE int16x8x2_t product(int16x8x2_t a, int16x8x2_t b) {
  return (int16x8x2_t){{vqrdmulhq_s16(a.val[0], b.val[0]), vqrdmulhq_s16(a.val[1], b.val[1])}};
}

PARE_INLINE int16x8x2_t all(int16_t value) { return (int16x8x2_t){{vdupq_n_s16(value), vdupq_n_s16(value)}}; }

PARE_INLINE void store(int16_t *state, uint8_t *h, int16x8x2_t next, int16x8x2_t y, int32_t levels) {
  const int16x8x2_t q = product(y, all((int16_t)levels));
  const int8x16_t narrow = vqmovn_high_s16(vqmovn_s16(q.val[0]), q.val[1]);
  vst1q_s16(state, next.val[0]);
  vst1q_s16(state + 8, next.val[1]);
  vst1q_u8(h, veorq_u8(vreinterpretq_u8_s8(narrow), vdupq_n_u8(0x80)));
}

void pare_recurrent_lstm_neon(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *c, uint8_t *h
) {
  const table t = {load_bytes(base), load_bytes(delta)};
  const int32_t n = cell->hidden;
  for (int32_t u = 0; u < n; u += PARE_UNITS / 2) {
    const int16_t *a = by_input + u, *b = by_state + u;
    const int16x8x2_t i = sigmoid(sum(load(a), load(b)), t), o = sigmoid(sum(load(a + n), load(b + n)), t);
    const int16x8x2_t f = sigmoid(sum(load(a + 2 * n), load(b + 2 * n)), t);
    const int16x8x2_t q = hyperbolic_tangent(sum(load(a + 3 * n), load(b + 3 * n)), PARE_GATE_BITS, t);
    const int16x8x2_t added = product(product(i, q), all((int16_t)(1 << cell->cell_bits)));
    const int16x8x2_t next = sum(product(f, load(c + u)), added);
    store(c + u, h + u, next, product(o, hyperbolic_tangent(next, cell->cell_bits, t)), cell->state_levels);
  }
}

void pare_recurrent_gru_neon(
  const pare_recurrent_cell *cell, const int16_t *by_input, const int16_t *by_state, int16_t *state, uint8_t *h
) {
  const table t = {load_bytes(base), load_bytes(delta)};
  const int32_t n = cell->hidden;
  for (int32_t u = 0; u < n; u += PARE_UNITS / 2) {
    const int16_t *a = by_input + u, *b = by_state + u;
    const int16x8x2_t z = sigmoid(sum(load(a), load(b)), t), r = sigmoid(sum(load(a + n), load(b + n)), t);
    const int16x8x2_t argument = sum(load(a + 2 * n), product(r, load(b + 2 * n)));
    const int16x8x2_t value = hyperbolic_tangent(argument, PARE_GATE_BITS, t);
    const int16x8_t one = vdupq_n_s16(INT16_MIN);  // 2^15 − z, modulo 2^16
    const int16x8x2_t rest = {{vsubq_s16(one, z.val[0]), vsubq_s16(one, z.val[1])}};
    const int16x8x2_t next = sum(product(z, load(state + u)), product(rest, value));
    store(state + u, h + u, next, next, cell->state_levels);
  }
}

#endif
