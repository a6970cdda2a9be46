#pragma once

#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::matrix {

/// What a cell found: figures, and why it is red, if it is.
struct verdict {
  std::vector<std::string> figures{};
  std::vector<std::string> objections{};
  std::string not_run{}; ///< why, on a machine that cannot play it

  [[nodiscard]] bool ok() const noexcept { return objections.empty(); }

  template <class... Args>
  void figure(fmt::format_string<Args...> format, Args&&... args) {
    figures.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void demand(bool holds, fmt::format_string<Args...> otherwise, Args&&... args) {
    if (!holds) objections.push_back(fmt::format(otherwise, std::forward<Args>(args)...));
  }
};

} // namespace holdfast::matrix
