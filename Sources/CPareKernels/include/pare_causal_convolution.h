#ifndef PARE_CAUSAL_CONVOLUTION_H
#define PARE_CAUSAL_CONVOLUTION_H

#include "pare_recurrent_f32.h"

/// A convolution along time that sees no later row, one row at a time: float x[channels] → float y[filters], the rows
/// that its window reaches back to kept in the arena. Rows before the first are zeros.
typedef struct {
  pare_stream stream;
  const pare_recurrent_f32_kernels *kernels;
  pare_dense_f32 newest;     // the last tap; its bias is not read
  pare_dense_f32 older;      // the others, oldest first, with the bias
  int32_t channels, filters, taps, dilation;
  size_t memory;             // pare_causal_convolution_memory_bytes
  size_t scratch;            // float [(taps − 1) · channels]
} pare_causal_convolution_row;

static inline size_t pare_causal_convolution_memory_bytes(size_t channels, size_t filters, size_t taps, size_t dilation) {
  return PARE_STREAM_HEAD + sizeof(float) * ((filters + PARE_TILE - 1) / PARE_TILE * PARE_TILE +
                                             ((taps - 1) * dilation + 1) * channels);
}

void pare_causal_convolution_run_row(const void *operands, const void *input, void *output, unsigned char *arena);
void pare_causal_convolution_reset_row(const void *operands, unsigned char *arena);
/// Moves the rows on and computes the products with all but the newest.
void pare_causal_convolution_prepare_row(const void *operands, unsigned char *arena);
void pare_causal_convolution_bring_row(const void *operands);
void pare_causal_convolution_run_rows(
  const void *operands, const void *input, size_t input_stride, void *output, unsigned char *arena, size_t stride,
  size_t rows);

/// The same on integers: uint8_t x[channels] → uint8_t or float y[filters]. The rows that the window reaches back to are kept
/// as bytes, side by side, so that a window is the groups of one row of product_u8s8. Rows before the first are zero points.
typedef struct {
  pare_stream stream;
  pare_kernel run;              // product_u8s8_u8 or product_u8s8_f32
  pare_product_u8s8 product;    // of one row
  size_t channels, padded_channels;
  size_t reach;                 // rows before the newest
  int32_t zero_point;
  size_t memory;                // pare_quantized_causal_convolution_memory_bytes
} pare_quantized_causal_convolution_row;

/// With room for a group that begins at the last byte.
static inline size_t pare_quantized_causal_convolution_memory_bytes(size_t padded_channels, size_t reach) {
  return PARE_STREAM_HEAD + (reach + 1) * padded_channels + PARE_GROUP;
}

void pare_quantized_causal_convolution_run_row(
  const void *operands, const void *input, void *output, unsigned char *arena);
void pare_quantized_causal_convolution_reset_row(const void *operands, unsigned char *arena);
/// Moves the rows on.
void pare_quantized_causal_convolution_prepare_row(const void *operands, unsigned char *arena);
void pare_quantized_causal_convolution_bring_row(const void *operands);
void pare_quantized_causal_convolution_run_rows(
  const void *operands, const void *input, size_t input_stride, void *output, unsigned char *arena, size_t stride,
  size_t rows);

#endif
