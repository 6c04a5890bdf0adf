// Times decisions of an ensemble on libPareC: ensembles THREADS SECONDS ROUNDS BYTES MODEL.pare [MODEL.pare ...]
//
// A decision of an instrument runs every model on its row of features and decides on the mean of their probabilities.
// Models are shared by the threads; each thread has contexts of its own, and instruments of its own. BYTES are those of all
// models' weights, which every decision reads: a buffer as large is read with the widest loads by as many threads, in turn
// with the decisions. Prints JSON; figures are medians over the rounds.
#include "widest_read.h"

#include <pare.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { ROWS = 256, BLOCK = 8, MOST = 64 };

typedef enum { READ, DECIDE, DECIDE_BLOCKS, WORKS } work;

typedef struct {
  // Shared.
  int count;
  size_t features, classes;
  const float *rows;  // [ROWS + BLOCK, features]
  const char *block;
  size_t bytes;
  atomic_int *stop;
  pthread_barrier_t *barrier;
  // The thread's own.
  work work;
  pare_context **contexts;
  uint64_t done;
  double seconds;
  uint64_t seen;
  pare_error error;
} job;

static float uniform(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (float)(*state >> 40) * 0x1p-23f - 1;
}

/// -1, 0 or 1: the class of the greatest of summed probabilities, where there are three.
static int decide(const float *sums, size_t classes) {
  size_t best = 0;
  for (size_t i = 1; i < classes; i++)
    if (sums[i] > sums[best]) best = i;
  return (int)best - (int)(classes / 2);
}

/// Runs all models on one row and sums their probabilities; whether all ran.
static int sum_up(job *job, const float *row, float *sums) {
  for (size_t i = 0; i < job->classes; i++) sums[i] = 0;
  for (int m = 0; m < job->count; m++) {
    if (pare_run(job->contexts[m], row, job->features, NULL, &job->error)) return 0;
    const float *probabilities = pare_context_output(job->contexts[m], 0, NULL);
    for (size_t i = 0; i < job->classes; i++) sums[i] += probabilities[i];
  }
  return 1;
}

/// One decision of the instrument whose features are `row`; 2 where a model fails.
static int run_one(job *job, const float *row) {
  float sums[MOST];
  return sum_up(job, row, sums) ? decide(sums, job->classes) : 2;
}

/// Decisions of BLOCK instruments, whose rows lie one behind the other; their sum, or a great number where a model fails.
static int run_block(job *job, const float *rows) {
  float sums[BLOCK][MOST] = {{0}}, probabilities[BLOCK * MOST];
  for (int m = 0; m < job->count; m++) {
    if (pare_run_rows_output(
          job->contexts[m], rows, BLOCK, job->features, 0, probabilities, BLOCK * job->classes * sizeof(float), &job->error))
      return 1000;
    for (int row = 0; row < BLOCK; row++)
      for (size_t i = 0; i < job->classes; i++) sums[row][i] += probabilities[row * job->classes + i];
  }
  int sum = 0;
  for (int row = 0; row < BLOCK; row++) sum += decide(sums[row], job->classes);
  return sum;
}

static void *run(void *argument) {
  job *job = argument;
  volatile uint64_t zero = 0;
  uint64_t last = 0, row = 0;
  job->done = 0;
  pthread_barrier_wait(job->barrier);
  const double start = seconds_now();
  // Once at least, however short the time.
  do {
    // What is read next depends on what came out before.
    const uint64_t waits = last & zero;
    if (job->work == READ) {
      last = widest_read(job->block + waits, job->bytes);
      job->done += 1;
    } else {
      const float *features = job->rows + (row % ROWS) * job->features + waits;
      last = (uint64_t)(job->work == DECIDE ? run_one(job, features) : run_block(job, features));
      if (job->error.status) return NULL;
      const uint64_t step = job->work == DECIDE ? 1 : BLOCK;
      job->done += step;
      row += step;
    }
    job->seen |= last;
  } while (!atomic_load_explicit(job->stop, memory_order_relaxed));
  job->seconds = seconds_now() - start;
  return NULL;
}

/// Passes or decisions a second of `threads` threads together; less than 0 where something failed, which is printed.
static double rate(job *jobs, int threads, work work, double seconds) {
  pthread_t ids[MOST];
  pthread_barrier_t barrier;
  atomic_int stop = 0;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
  for (int t = 0; t < threads; t++) {
    jobs[t].work = work;
    jobs[t].stop = &stop;
    jobs[t].barrier = &barrier;
    if (pthread_create(&ids[t], NULL, run, &jobs[t])) return fprintf(stderr, "ensembles: no thread\n"), -1;
  }
  pthread_barrier_wait(&barrier);
  const struct timespec wait = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
  nanosleep(&wait, NULL);
  atomic_store(&stop, 1);
  double total = 0;
  for (int t = 0; t < threads; t++) {
    pthread_join(ids[t], NULL);
    if (jobs[t].error.status) {
      fprintf(stderr, "ensembles: %s\n", jobs[t].error.message);
      total = -1;
    }
    if (total >= 0) total += (double)jobs[t].done / jobs[t].seconds;
  }
  pthread_barrier_destroy(&barrier);
  return total;
}

static int ascending(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

int main(int count, char **arguments) {
  if (count < 6) return fprintf(stderr, "usage: ensembles THREADS SECONDS ROUNDS BYTES MODEL.pare [MODEL.pare ...]\n"), 64;
  const int threads = atoi(arguments[1]), rounds = atoi(arguments[3]), models = count - 5;
  const double seconds = atof(arguments[2]);
  const size_t bytes = (size_t)strtoull(arguments[4], NULL, 10) & ~(size_t)511;
  if (threads < 1 || threads > MOST || rounds < 1 || rounds > MOST || seconds <= 0 || bytes == 0)
    return fprintf(stderr, "ensembles: threads and rounds of 1 to %d, seconds and bytes above 0\n", MOST), 64;

  pare_error error = {0};
  pare_model **loaded = calloc((size_t)models, sizeof *loaded);
  if (!loaded) return 70;
  size_t plan_bytes = 0;
  const char *outputs[] = {"probabilities"};
  pare_options options = {.size = sizeof options, .outputs = outputs, .output_count = 1};
  const double start = seconds_now();
  for (int m = 0; m < models; m++) {
    if (pare_model_load(arguments[5 + m], &options, &loaded[m], &error)) return fprintf(stderr, "ensembles: %s\n", error.message), 65;
    plan_bytes += pare_model_byte_count(loaded[m]);
  }
  const double loading = seconds_now() - start;
  pare_value output;
  const size_t features = pare_model_feature_count(loaded[0]);
  size_t classes = 0;
  for (int m = 0; m < models; m++) {
    if (pare_model_output(loaded[m], 0, &output, &error)) return fprintf(stderr, "ensembles: %s\n", error.message), 65;
    if (m == 0) classes = output.element_count;
    if (features == 0 || pare_model_feature_count(loaded[m]) != features || output.element_count != classes || classes > MOST
        || output.element_type != PARE_FLOAT32)
      return fprintf(stderr, "ensembles: %s: expected the features and classes of the first model, at most %d classes\n",
        arguments[5 + m], MOST), 65;
  }

  float *rows = malloc((ROWS + BLOCK) * features * sizeof *rows);
  char *block = widest_read_block(bytes);
  job *jobs = calloc((size_t)threads, sizeof *jobs);
  if (!rows || !block || !jobs) return fprintf(stderr, "ensembles: no memory\n"), 70;
  uint64_t state = 1;
  for (size_t i = 0; i < (ROWS + BLOCK) * features; i++) rows[i] = 1.5f * uniform(&state);
  for (int t = 0; t < threads; t++) {
    jobs[t] = (job){
      .count = models, .features = features, .classes = classes, .rows = rows,
      .block = block, .bytes = bytes, .contexts = calloc((size_t)models, sizeof(pare_context *))};
    for (int m = 0; m < models; m++)
      if (!jobs[t].contexts || pare_context_create(loaded[m], &jobs[t].contexts[m], &error))
        return fprintf(stderr, "ensembles: %s\n", error.message), 70;
  }

  static double rates[2 * WORKS][MOST];
  for (int round = 0; round < rounds; round++)
    for (int all = 0; all < 2; all++)
      for (int work = 0; work < WORKS; work++)
        if ((rates[2 * work + all][round] = rate(jobs, all ? threads : 1, work, seconds)) < 0) return 70;
  printf("{\"threads\": %d, \"loads\": \"%s\", \"plan_bytes\": %zu, \"loading_s\": %.3f", threads, widest_load(), plan_bytes, loading);
  static const char *const names[] = {"reads", "decisions", "decisions_in_blocks"};
  for (int work = 0; work < WORKS; work++)
    for (int all = 0; all < 2; all++) {
      double *values = rates[2 * work + all];
      qsort(values, (size_t)rounds, sizeof *values, ascending);
      printf(", \"%s_per_second_%s\": %.6g", names[work], all ? "all" : "one", values[rounds / 2]);
    }
  // What was timed: the mean probabilities of the first instruments.
  printf(", \"probabilities\": [");
  for (int row = 0; row < BLOCK; row++) {
    float sums[MOST];
    if (!sum_up(&jobs[0], rows + (size_t)row * features, sums)) return fprintf(stderr, "ensembles: %s\n", jobs[0].error.message), 70;
    for (size_t i = 0; i < classes; i++)
      printf("%s%.9g", row || i ? ", " : "", (double)sums[i] / models);
  }
  printf("]}\n");

  for (int t = 0; t < threads; t++) {
    for (int m = 0; m < models; m++) pare_context_free(jobs[t].contexts[m]);
    free(jobs[t].contexts);
  }
  for (int m = 0; m < models; m++) pare_model_free(loaded[m]);
  free(jobs);
  free(block);
  free(rows);
  free(loaded);
  return 0;
}
