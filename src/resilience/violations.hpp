// Collects what is wrong with options given in code: all of it, one sentence each. Allocates
// nothing while all is right.
#pragma once

#include "base/option_codec.hpp"

#include <holdfast/error.hpp>
#include <holdfast/time.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::detail {

class violation_list {
public:
  /// What the keys that follow begin with.
  void within(std::string_view prefix) noexcept { prefix_ = prefix; }

  void add(std::string_view key, const std::string& given, const std::string& takes) {
    std::string line{prefix_};
    line += key;
    found_.push_back(line + ": given " + given + "; takes " + takes);
  }
  /// NaN is within no bounds.
  template <class T>
  void bounded(std::string_view key, const T& value, range bounds) {
    const auto size = measure(value);
    if (size && !bounds.holds(*size)) add(key, show_value(value), description<T>::of(bounds));
  }
  void time(std::string_view key, duration value) {
    if (value <= duration::zero())
      add(key, std::to_string(value.count()) + " ns", "a time above zero");
  }
  void append(std::vector<std::string> more) {
    for (auto& m : more) found_.push_back(std::move(m));
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(found_); }

private:
  std::string_view prefix_;
  std::vector<std::string> found_;
};

/// Throws configuration_error that lists them all; nothing if there are none.
void throw_violations(const std::vector<std::string>& found);

} // namespace holdfast::detail
