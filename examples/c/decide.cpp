/* Decides on the rows of a .npy file with several threads, each with a context of its own, and counts the decisions.
 *
 *   decide MODEL.pare ROWS.npy [THREADS]
 *
 * Exits with 70 where two threads decide differently. */
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include <pare.hpp>

#include "npy.h"

int main(int argc, char **argv) try {
  if (argc < 3) {
    std::fprintf(stderr, "usage: decide MODEL.pare ROWS.npy [THREADS]\n");
    return PARE_ERROR_USAGE;
  }
  const pare::Model model{std::string(argv[1])};
  std::printf("%s: %zu features, %zu bytes, %s kernels, Pare %s\n", model.name().c_str(), model.feature_count(),
    model.byte_count(), model.kernels().c_str(), pare_version());
  for (const pare::Value &output : model.outputs()) std::printf("output %s: %zu elements\n", output.name.c_str(), output.element_count);

  size_t rows, columns;
  std::unique_ptr<float, void (*)(void *)> values(npy_read(argv[2], &rows, &columns), std::free);
  if (!values) return PARE_ERROR_NO_INPUT;
  const std::vector<float> features(values.get(), values.get() + rows * columns);

  const size_t count = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 4;
  std::vector<std::vector<int8_t>> decisions(count ? count : 1);
  std::vector<std::string> failures(decisions.size());
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < decisions.size(); thread++) {
    threads.emplace_back([&, thread] {
      try {
        pare::Context context(model);
        for (size_t row = 0; row < rows; row++) decisions[thread].push_back(context.run(features.data() + row * columns, columns));
        if (context.run_rows(features, columns) != decisions[thread]) failures[thread] = "row by row and all at once differ";
      } catch (const std::exception &failure) {
        failures[thread] = failure.what();
      }
    });
  }
  for (std::thread &thread : threads) thread.join();
  for (const std::string &failure : failures) {
    if (!failure.empty()) throw std::runtime_error(failure);
  }
  for (const std::vector<int8_t> &other : decisions) {
    if (other != decisions[0]) {
      std::fprintf(stderr, "error: threads decide differently\n");
      return PARE_ERROR_INTERNAL;
    }
  }
  std::map<int, size_t> counts;
  for (const int8_t decision : decisions[0]) counts[decision]++;
  for (const auto &entry : counts) {
    if (entry.first == PARE_DECISION_INVALID) std::printf("invalid: %zu\n", entry.second);
    else std::printf("%2d: %zu\n", entry.first, entry.second);
  }
  return 0;
} catch (const pare::Error &error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return error.status;
} catch (const std::exception &error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return PARE_ERROR_INTERNAL;
}
