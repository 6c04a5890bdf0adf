/* `pare predict` in C: runs a model over the rows of a .npy file and writes one of its outputs as .npy.
 *
 *   predict MODEL.pare ROWS.npy OUTPUT.npy [OUTPUT-NAME]
 *
 * The last output by default. The file is the one that `pare predict` writes, byte for byte. */
#include <pare.h>

#include "npy.h"

static const char *numpy_descriptor(pare_element_type type) {
  switch (type) {
    case PARE_FLOAT32: return "<f4";
    case PARE_FLOAT64: return "<f8";
    case PARE_FLOAT16: return "<f2";
    case PARE_INT8: case PARE_INT4: return "|i1";
    case PARE_UINT8: case PARE_UINT4: return "|u1";
    case PARE_INT16: return "<i2";
    case PARE_UINT16: return "<u2";
    case PARE_INT32: return "<i4";
    case PARE_UINT32: return "<u4";
    case PARE_INT64: return "<i8";
    case PARE_UINT64: return "<u8";
    case PARE_BOOL: return "|b1";
    default: return NULL;
  }
}

static int fail(const pare_error *error) {
  fprintf(stderr, "error: %s\n", error->message);
  return error->status;
}

int main(int argc, char **argv) {
  if (argc < 4 || argc > 5) {
    fprintf(stderr, "usage: predict MODEL.pare ROWS.npy OUTPUT.npy [OUTPUT-NAME]\n");
    return PARE_ERROR_USAGE;
  }
  if (pare_c_abi_version() != PARE_C_ABI_VERSION) {
    fprintf(stderr, "error: libPareC has interface version %u, expected %d\n", pare_c_abi_version(), PARE_C_ABI_VERSION);
    return PARE_ERROR_INTERNAL;
  }

  pare_error error;
  pare_model *model = NULL;
  pare_context *context = NULL;
  if (pare_model_load(argv[1], NULL, &model, &error)) return fail(&error);
  if (pare_context_create(model, &context, &error)) return fail(&error);

  size_t output = pare_model_output_count(model) - 1;
  pare_value value;
  if (argc == 5 && pare_model_find_output(model, argv[4], &output, &error)) return fail(&error);
  if (pare_model_output(model, output, &value, &error)) return fail(&error);

  size_t rows, columns;
  float *features = npy_read(argv[2], &rows, &columns);
  if (!features) return PARE_ERROR_NO_INPUT;

  /* Any output. For decisions alone there is pare_run_rows, which says where a row is invalid. */
  size_t byte_count = rows * value.byte_count;
  void *results = malloc(byte_count + 1);
  if (!results) return PARE_ERROR_INTERNAL;
  if (pare_run_rows_output(context, features, rows, columns, output, results, byte_count, &error)) return fail(&error);

  /* One row behind the other along the first axis. */
  int64_t extents[33];
  const char *descriptor = numpy_descriptor(value.element_type);
  if (!descriptor || value.rank < 1 || value.rank > 32 || value.extents[0] != 1) {
    fprintf(stderr, "error: output '%s' is no array of rows that NumPy has\n", value.name);
    return PARE_ERROR_DATA;
  }
  memcpy(extents, value.extents, value.rank * sizeof *extents);
  extents[0] = (int64_t)rows;
  if (npy_write(argv[3], descriptor, extents, value.rank, results, byte_count)) return 73;
  printf("%s: %s: %zu rows by %s kernels\n", argv[3], value.name, rows, pare_model_kernels(model));

  free(results);
  free(features);
  pare_context_free(context);
  pare_model_free(model);
  return 0;
}
