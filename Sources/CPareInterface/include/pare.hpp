/* pare.h for C++11 and later: handles that free themselves, errors that are thrown. See pare.h for what each call means. */
#ifndef PARE_HPP
#define PARE_HPP

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "pare.h"

namespace pare {

/* What a call refused; what() is one line for people. */
class Error : public std::runtime_error {
 public:
  explicit Error(const pare_error &error) : std::runtime_error(error.message), status(error.status), code(error.code) {}
  const pare_status status;
  const std::string code;
};

/* An input or output. */
struct Value {
  std::string name;
  std::vector<int64_t> extents;
  size_t element_count;
  size_t byte_count;
  pare_element_type element_type;
};

/* A model; copies share it. May be used from several threads. */
class Model {
 public:
  explicit Model(const std::string &path, const pare_options *options = nullptr) {
    check_version();
    pare_error error;
    pare_model *model;
    if (pare_model_load(path.c_str(), options, &model, &error) != PARE_OK) throw Error(error);
    handle_.reset(model, pare_model_free);
  }

  Model(const void *bytes, size_t count, const pare_options *options = nullptr) {
    check_version();
    pare_error error;
    pare_model *model;
    if (pare_model_load_bytes(bytes, count, nullptr, options, &model, &error) != PARE_OK) throw Error(error);
    handle_.reset(model, pare_model_free);
  }

  const pare_model *get() const { return handle_.get(); }
  std::string name() const { return pare_model_name(get()); }
  std::string description() const { return pare_model_description(get()); }
  std::string kernels() const { return pare_model_kernels(get()); }
  size_t byte_count() const { return pare_model_byte_count(get()); }
  size_t feature_count() const { return pare_model_feature_count(get()); }
  bool decides() const { return pare_model_decides(get()) != 0; }

  std::vector<Value> inputs() const { return values(pare_model_input_count(get()), pare_model_input); }
  std::vector<Value> outputs() const { return values(pare_model_output_count(get()), pare_model_output); }

  size_t find_output(const std::string &name) const {
    pare_error error;
    size_t index;
    if (pare_model_find_output(get(), name.c_str(), &index, &error) != PARE_OK) throw Error(error);
    return index;
  }

  /* Empty where there is no such section. */
  std::string section(const std::string &name) const {
    size_t length;
    const char *text = pare_model_section(get(), name.c_str(), &length);
    return text ? std::string(text, length) : std::string();
  }

 private:
  static void check_version() {
    if (pare_c_abi_version() != PARE_C_ABI_VERSION) throw std::runtime_error("libPareC has another interface version than pare.h");
  }

  template <typename Describe>
  std::vector<Value> values(size_t count, Describe describe) const {
    std::vector<Value> result;
    for (size_t index = 0; index < count; index++) {
      pare_value value;
      pare_error error;
      if (describe(get(), index, &value, &error) != PARE_OK) throw Error(error);
      result.push_back({value.name, {value.extents, value.extents + value.rank}, value.element_count, value.byte_count, value.element_type});
    }
    return result;
  }

  std::shared_ptr<pare_model> handle_;
};

/* The memory of one thread. */
class Context {
 public:
  explicit Context(const Model &model) {
    pare_error error;
    pare_context *context;
    if (pare_context_create(model.get(), &context, &error) != PARE_OK) throw Error(error);
    handle_.reset(context);
  }

  pare_context *get() const { return handle_.get(); }

  /* -1, 0, 1, or PARE_DECISION_INVALID where a feature is NaN. */
  int8_t run(const float *features, size_t count) {
    pare_error error;
    int8_t decision;
    if (pare_run(get(), features, count, &decision, &error) != PARE_OK) throw Error(error);
    return decision;
  }

  int8_t run(const std::vector<float> &features) { return run(features.data(), features.size()); }

  /* Rows of `count` features, one behind the other. */
  std::vector<int8_t> run_rows(const std::vector<float> &features, size_t count) {
    const size_t rows = count ? features.size() / count : 0;
    std::vector<int8_t> decisions(rows);
    pare_error error;
    if (rows && pare_run_rows(get(), features.data(), rows, count, decisions.data(), &error) != PARE_OK) throw Error(error);
    return decisions;
  }

  /* An output as the last run left it; `Element` has to be its element type. */
  template <typename Element>
  const Element *output(size_t index, size_t *count = nullptr) const {
    size_t bytes;
    const void *address = pare_context_output(get(), index, &bytes);
    if (!address) throw std::out_of_range("no such output");
    if (count) *count = bytes / sizeof(Element);
    return static_cast<const Element *>(address);
  }

 private:
  struct Free {
    void operator()(pare_context *context) const { pare_context_free(context); }
  };
  std::unique_ptr<pare_context, Free> handle_;
};

}  // namespace pare

#endif
