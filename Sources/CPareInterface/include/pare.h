/* Pare's C interface: loads a `.pare` artifact and runs it, one decision at a time or row by row.
 *
 * Models and contexts. A pare_model never changes and may be used from any number of threads at once. A pare_context is
 * the memory in which one thread runs a model: make one for each thread, and use none from two threads at a time. A
 * context keeps its model alive, so that the two may be freed in either order.
 *
 * Ownership. What a *_load or *_create function yields belongs to the caller, who frees it once, with the function of
 * its kind; NULL may be freed. Texts and tables that a function returns belong to the handle that was asked and last as
 * long as it does. Nothing that the caller passes in is kept.
 *
 * Errors. A function that can fail returns a pare_status and, where the caller gave a pare_error, writes into it what
 * went wrong; on success it leaves the pare_error as it was. There is no hidden state: the text is in the caller's
 * memory, and no function aborts, prints, or throws through C. NULL handles, wrong lengths, missing, truncated, damaged
 * and hostile files are errors. What cannot be noticed is a pointer to memory of another size or kind than stated here,
 * and a handle after it was freed.
 *
 * Numbers. Features and Float32 tensors are IEEE binary32 in the machine's order, row-major, the last extent contiguous.
 * A NaN among the features gives PARE_DECISION_INVALID; an infinite one is clipped by the model's normalizer like any
 * other value.
 *
 * See docs/c-interface.md. */
#ifndef PARE_H
#define PARE_H

#include <stddef.h>
#include <stdint.h>

/* The version of this interface. It grows with every change that a program compiled before would notice; the library's
 * soname bears it. A program that was compiled against this header needs pare_c_abi_version() == PARE_C_ABI_VERSION. */
#define PARE_C_ABI_VERSION 1

/* The version of Pare. */
#define PARE_VERSION "0.1.0"

#ifdef __cplusplus
#define PARE_NOEXCEPT noexcept
extern "C" {
#else
#define PARE_NOEXCEPT
#endif

/* PARE_C_ABI_VERSION of the library that is loaded, and its PARE_VERSION. */
uint32_t pare_c_abi_version(void) PARE_NOEXCEPT;
const char *pare_version(void) PARE_NOEXCEPT;

/* ---- Errors ---- */

/* 0 or what is wrong; the numbers are those of the command line's exit codes. */
typedef int32_t pare_status;
enum {
  PARE_OK = 0,
  PARE_ERROR_USAGE = 64,    /* an argument: NULL, a wrong length, an unknown name */
  PARE_ERROR_DATA = 65,     /* the model: damaged, hostile, beyond a limit; what a step finds in its data */
  PARE_ERROR_NO_INPUT = 66, /* a file that is not there or cannot be read */
  PARE_ERROR_INTERNAL = 70  /* a defect of Pare */
};

/* What went wrong: 512 bytes, both texts NUL-terminated UTF-8. */
typedef struct pare_error {
  pare_status status;
  char code[60];     /* stable, for programs: "artifact.checksum" */
  char message[448]; /* one line, for people; cut at a character's border where it is longer */
} pare_error;

/* ---- Models ---- */

typedef struct pare_model pare_model;

/* How a model is made ready. Fill it with zeros and set `size`; zeros stand for what NULL in its place means. */
typedef struct pare_options {
  size_t size;                /* sizeof(pare_options): what the caller knows of this structure */
  const char *kernels;        /* "scalar", "avx2", … ; NULL: what PARE_KERNELS names, or the best of this processor */
  const char *const *outputs; /* the values to yield; NULL: the model's outputs. Fewer outputs are less work */
  size_t output_count;        /* of `outputs`; 0 with NULL */
  uint64_t memory_limit;      /* bytes that a model with one context may take, at most; 0: 4 GiB */
} pare_options;

/* Reads a `.pare` file and makes it ready for this processor: as many milliseconds as it has megabytes, or more.
 * `path` is UTF-8. `options` and `error` may be NULL. On failure *model is NULL. The file is read once and not kept
 * open. */
pare_status pare_model_load(
  const char *path, const pare_options *options, pare_model **model, pare_error *error) PARE_NOEXCEPT;

/* The same from `count` bytes in memory, which are copied. `name` is what messages call them; NULL: "artifact". */
pare_status pare_model_load_bytes(
  const void *bytes, size_t count, const char *name, const pare_options *options, pare_model **model,
  pare_error *error) PARE_NOEXCEPT;

void pare_model_free(pare_model *model) PARE_NOEXCEPT;

/* The graph's name; NULL for NULL. */
const char *pare_model_name(const pare_model *model) PARE_NOEXCEPT;

/* The steps and the kernel of each, a line a step, and the bytes that one copy keeps; NULL for NULL. */
const char *pare_model_description(const pare_model *model) PARE_NOEXCEPT;

/* The instruction set of the kernels: "scalar", "avx2", "avx512vnni", …; NULL for NULL. */
const char *pare_model_kernels(const pare_model *model) PARE_NOEXCEPT;

/* Bytes that the model keeps with one context: packed weights, operands, values. */
size_t pare_model_byte_count(const pare_model *model) PARE_NOEXCEPT;

/* How many features pare_run takes; 0 where the model has not exactly one Float32 input. */
size_t pare_model_feature_count(const pare_model *model) PARE_NOEXCEPT;

/* 1 where the model decides: has an output "decision" of one Int8. Otherwise 0, and pare_run yields 0 decisions. */
int32_t pare_model_decides(const pare_model *model) PARE_NOEXCEPT;

/* The sections beside the graph, in the order of their names: "features", "label", "recipe", "provenance", … */
size_t pare_model_section_count(const pare_model *model) PARE_NOEXCEPT;
const char *pare_model_section_name(const pare_model *model, size_t index) PARE_NOEXCEPT;

/* A section's text, NUL-terminated, most often JSON; NULL where there is none of that name. *length gets the bytes before
 * the NUL (the text itself may hold one); `length` may be NULL. */
const char *pare_model_section(const pare_model *model, const char *name, size_t *length) PARE_NOEXCEPT;

/* ---- Inputs and outputs ---- */

/* ONNX's numbers of element types. Elements of four bits take a byte each. */
typedef int32_t pare_element_type;
enum {
  PARE_FLOAT32 = 1,
  PARE_UINT8 = 2,
  PARE_INT8 = 3,
  PARE_UINT16 = 4,
  PARE_INT16 = 5,
  PARE_INT32 = 6,
  PARE_INT64 = 7,
  PARE_BOOL = 9,
  PARE_FLOAT16 = 10,
  PARE_FLOAT64 = 11,
  PARE_UINT32 = 12,
  PARE_UINT64 = 13,
  PARE_BFLOAT16 = 16,
  PARE_UINT4 = 21,
  PARE_INT4 = 22
};

/* An input or output, at batch 1. `name` and `extents` last as long as the model. */
typedef struct pare_value {
  const char *name;
  const int64_t *extents; /* `rank` of them, outermost first */
  size_t rank;
  size_t element_count;
  size_t byte_count; /* what a buffer for it has to hold */
  pare_element_type element_type;
} pare_value;

size_t pare_model_input_count(const pare_model *model) PARE_NOEXCEPT;
size_t pare_model_output_count(const pare_model *model) PARE_NOEXCEPT;

/* Describes the input or output at `index`. */
pare_status pare_model_input(
  const pare_model *model, size_t index, pare_value *value, pare_error *error) PARE_NOEXCEPT;
pare_status pare_model_output(
  const pare_model *model, size_t index, pare_value *value, pare_error *error) PARE_NOEXCEPT;

/* The index of the input or output of that name. */
pare_status pare_model_find_input(
  const pare_model *model, const char *name, size_t *index, pare_error *error) PARE_NOEXCEPT;
pare_status pare_model_find_output(
  const pare_model *model, const char *name, size_t *index, pare_error *error) PARE_NOEXCEPT;

/* ---- Running ---- */

typedef struct pare_context pare_context;

/* A decision: -1 short, 0 no position, 1 long, or invalid, on which no position may be taken. */
#define PARE_DECISION_INVALID (-128)

/* Memory to run `model` in, for one thread. On failure *context is NULL. */
pare_status pare_context_create(const pare_model *model, pare_context **context, pare_error *error) PARE_NOEXCEPT;

void pare_context_free(pare_context *context) PARE_NOEXCEPT;

/* One decision from one row of raw features.
 *
 * Takes no lock, allocates nothing, makes no system call and counts no references, where every step has a kernel
 * (pare_model_description says "reference" where one has not).
 *
 * `count` has to be pare_model_feature_count. *decision gets -1, 0 or 1; PARE_DECISION_INVALID where a feature is NaN,
 * which is no error, and on every error; 0 from a model that does not decide. `decision` may be NULL: the outputs are in
 * pare_context_output. */
pare_status pare_run(
  pare_context *context, const float *features, size_t count, int8_t *decision, pare_error *error) PARE_NOEXCEPT;

/* pare_run for `rows` rows of `count` features, one behind the other, into `rows` decisions. Where a row fails, its
 * decision and those after it are invalid. */
pare_status pare_run_rows(
  pare_context *context, const float *features, size_t rows, size_t count, int8_t *decisions,
  pare_error *error) PARE_NOEXCEPT;

/* The same rows, into the output at `output`: `rows` times its byte_count, which `byte_count` has to be. Rows whose
 * features hold a NaN yield what the model's operators make of it. */
pare_status pare_run_rows_output(
  pare_context *context, const float *features, size_t rows, size_t count, size_t output, void *bytes,
  size_t byte_count, pare_error *error) PARE_NOEXCEPT;

/* An output as the last run left it, zeros before the first; NULL where there is no such output. It lasts as long as the
 * context and is overwritten by its next run. `byte_count` may be NULL. */
const void *pare_context_output(const pare_context *context, size_t output, size_t *byte_count) PARE_NOEXCEPT;

/* Bytes to read and bytes to write; their count has to be that of the value. */
typedef struct pare_input {
  const void *bytes;
  size_t byte_count;
} pare_input;

typedef struct pare_output {
  void *bytes; /* NULL: not wanted */
  size_t byte_count;
} pare_output;

/* Runs any model on buffers: `inputs` has all of its inputs, `outputs` all of its outputs, in their order; `outputs` may
 * be NULL with 0. Nothing is written where an argument is wrong. A bool that is not 0 is true; of an element of four bits
 * its low bits count. Outputs are what the model's operators make of the inputs, NaN or not. */
pare_status pare_run_values(
  pare_context *context, const pare_input *inputs, size_t input_count, const pare_output *outputs,
  size_t output_count, pare_error *error) PARE_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
