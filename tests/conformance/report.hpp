// The table at the end: engine × case, and whether every cell of it has a verdict.
#pragma once

#include "conformance/suite.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::conformance {

class report {
public:
  report(std::vector<std::string_view> engines, std::vector<std::string_view> cases);

  void set(std::string_view engine, std::string_view name, std::string verdict);
  /// Every cell is `ok` or `not applicable`.
  [[nodiscard]] bool good() const;
  /// To standard output.
  void print() const;

private:
  [[nodiscard]] std::string cell(std::string_view engine, std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view begin) const;

  std::vector<std::string_view> engines_;
  std::vector<std::string_view> cases_;
  std::map<std::pair<std::string_view, std::string_view>, std::string> cells_;
};

} // namespace holdfast::conformance
