#include "pare_network_kernels.h"

// A whole number as a byte; NaN, which an infinite range gives, as 0.
static uint8_t saturated(float level) { return level >= 255 ? 255 : level > 0 ? (uint8_t)level : 0; }

PARE_STEP(quantize_dynamically) {
  const pare_quantize_dynamically_step *step = operands;
  float low, high;
  step->kernels->range(input, step->count, &low, &high);
  const float scale = (low == high ? 1 : high - low) / 255;
  const float ratio = -low / scale;
  // Beyond 2^23 there is nothing to round, and it saturates.
  const uint8_t zero_point = saturated(ratio < 0x1p23f ? (ratio + 0x1.8p23f) - 0x1.8p23f : ratio);
  step->kernels->quantize(input, scale, zero_point, output, step->count);
  *(float *)(void *)(arena + step->scale) = scale;
  arena[step->zero_point] = zero_point;
}

PARE_STEP(dequantize_dynamically) {
  const pare_dequantize_dynamically_step *step = operands;
  const pare_dequantize_step fixed = {
    .scale = *(const float *)pare_at(step->scale, input, arena),
    .zero_point = *(const uint8_t *)pare_at(step->zero_point, input, arena), .count = step->count,
  };
  pare_step_dequantize_u8(&fixed, input, output, arena);
}

PARE_STEP(dynamic_dense_u8s8) {
  const pare_dynamic_dense_step *step = operands;
  pare_product_u8s8 product = step->product;
  const size_t padded = (size_t)product.layer.tiles * PARE_TILE;
  const float scale = *(const float *)pare_at(step->scale, input, arena);
  const uint8_t zero_point = *(const uint8_t *)pare_at(step->zero_point, input, arena);
  int32_t *bias = (int32_t *)(void *)(arena + step->scratch);
  float *factors = (float *)(void *)(arena + step->scratch + padded * sizeof *bias);
  step->kernels->start(product.layer.bias, zero_point, product.layer.scale, scale, bias, factors, padded);
  product.layer.bias = bias;
  product.layer.scale = factors;
  // A kernel of one row takes the layer alone.
  step->run(product.rows == 1 ? (const void *)&product.layer : &product, input, output, arena);
  if (step->finish) step->finish(output, step->bias, (size_t)product.rows, (size_t)product.outputs);
}
