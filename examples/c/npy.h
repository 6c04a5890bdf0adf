/* As much of NumPy's .npy as the examples need: Float32 matrices in, any array out, as NumPy and Pare write it. */
#ifndef NPY_H
#define NPY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads a C-ordered little-endian Float32 matrix of version 1.
 * Returns memory to be freed, or NULL with a line on standard error. */
static inline float *npy_read(const char *path, size_t *rows, size_t *columns) {
  unsigned char start[10];
  char header[65536];
  FILE *file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "%s: cannot be opened\n", path);
    return NULL;
  }
  float *values = NULL;
  size_t length = fread(start, 1, 10, file) == 10 && !memcmp(start, "\x93NUMPY\1", 7) ? start[8] | start[9] << 8 : 0;
  const char *shape = NULL;
  if (length && length < sizeof header && fread(header, 1, length, file) == length) {
    header[length] = 0;
    shape = strstr(header, "'shape': (");
  }
  if (shape && strstr(header, "'<f4'") && strstr(header, "False") && sscanf(shape, "'shape': (%zu, %zu)", rows, columns) == 2
      && *rows < (size_t)1 << 28 && *columns && *columns < (size_t)1 << 20) {
    values = (float *)malloc(*rows * *columns * sizeof(float) + 1);
    if (values && fread(values, sizeof(float) * *columns, *rows, file) != *rows) {
      free(values);
      values = NULL;
    }
  }
  if (!values) fprintf(stderr, "%s: expected a whole matrix of little-endian Float32 in C's order\n", path);
  fclose(file);
  return values;
}

/* Writes version 1. `descriptor` is NumPy's, as "<f4". Returns 0, or -1 with a line on standard error. */
static inline int npy_write(
  const char *path, const char *descriptor, const int64_t *extents, size_t rank, const void *bytes, size_t byte_count) {
  char header[4096];
  int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (", descriptor);
  for (size_t axis = 0; axis < rank; axis++)
    length += snprintf(header + length, sizeof header - length, "%s%lld", axis ? ", " : "", (long long)extents[axis]);
  length += snprintf(header + length, sizeof header - length, "%s), }", rank == 1 ? "," : "");
  /* The data begin at a multiple of 64. */
  while ((10 + length + 1) % 64) header[length++] = ' ';
  header[length++] = '\n';
  unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)length, (unsigned char)(length >> 8)};
  FILE *file = fopen(path, "wb");
  int written = file && fwrite(start, 1, 10, file) == 10 && fwrite(header, 1, length, file) == (size_t)length
    && fwrite(bytes, 1, byte_count, file) == byte_count;
  if (file && fclose(file)) written = 0;
  if (!written) fprintf(stderr, "%s: cannot be written\n", path);
  return written ? 0 : -1;
}

#endif
