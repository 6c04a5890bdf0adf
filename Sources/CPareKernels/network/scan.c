#include "pare_network_kernels.h"

PARE_STEP(scan) {
  const pare_scan_step *step = operands;
  const pare_scan scan = {
    .batch = step->batch, .steps = step->steps, .lanes = step->lanes, .channels = step->channels, .states = step->states,
    .x = pare_at(step->x, input, arena), .delta = pare_at(step->delta, input, arena), .a = pare_at(step->a, input, arena),
    .b = pare_at(step->b, input, arena), .c = pare_at(step->c, input, arena),
    .d = step->has_d ? pare_at(step->d, input, arena) : NULL,
    .state = step->has_state ? pare_at(step->state, input, arena) : NULL};
  step->kernels->scan(
    &scan, output, step->has_last ? (float *)(void *)(arena + step->last) : NULL, (float *)(void *)(arena + step->scratch));
}

PARE_STEP(quantized_scan) {
  const pare_quantized_scan_step *step = operands;
  pare_quantized_scan scan = step->scan;
  scan.x = pare_at(step->x, input, arena);
  scan.b = pare_at(step->b, input, arena);
  scan.c = pare_at(step->c, input, arena);
  scan.state = step->has_state ? pare_at(step->state, input, arena) : NULL;
  step->kernels->quantized(&scan, output, step->has_last ? (int16_t *)(void *)(arena + step->last) : NULL);
}
