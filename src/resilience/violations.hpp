// Collects what is wrong with options given in code: all of it, one sentence each.
#pragma once

#include <holdfast/error.hpp>
#include <holdfast/time.hpp>

#include <string>
#include <vector>

namespace holdfast::detail {

class violation_list {
public:
  void add(const std::string& key, const std::string& given, const std::string& takes) {
    found_.push_back(key + ": given " + given + "; takes " + takes);
  }
  /// NaN is in no range.
  template <class T>
  void in_range(const std::string& key, T value, T low, T high) {
    if (!(value >= low && value <= high))
      add(key, std::to_string(value), std::to_string(low) + " to " + std::to_string(high));
  }
  void in_range(const std::string& key, std::uint32_t value, std::uint32_t low,
                std::uint32_t high) {
    in_range<std::uint32_t>(key, value, low, high);
  }
  void share(const std::string& key, double value) {
    if (!(value > 0.0 && value <= 1.0))
      add(key, std::to_string(value), "a share above 0 and at most 1");
  }
  void time(const std::string& key, duration value) {
    if (value <= duration::zero())
      add(key, std::to_string(value.count()) + " ns", "a time above zero");
  }
  void append(std::vector<std::string> more) {
    for (auto& m : more) found_.push_back(std::move(m));
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(found_); }

private:
  std::vector<std::string> found_;
};

/// Throws configuration_error that lists them all; nothing if there are none.
void throw_violations(const std::vector<std::string>& found);

} // namespace holdfast::detail
