// The end of the demo: the verdict, for people or as one JSON object.
#pragma once

#include "cli/demo/books.hpp"
#include "cli/demo/faults.hpp"

#include <string>
#include <vector>

namespace holdfast::cli {

struct demo_result {
  std::string engine;
  std::uint64_t seed = 0;
  double seconds = 0;
  std::uint64_t operations = 0;
  std::uint64_t succeeded = 0; ///< answered as they should be: in force, or rightly refused
  std::uint64_t refused = 0;
  std::uint64_t failed = 0;
  std::uint64_t retried = 0;
  std::uint64_t resolved = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  verdict books;
  std::vector<fault> faults;
  std::string first_failure;
  std::string complaint; ///< what else is not as it must be

  [[nodiscard]] bool ok() const noexcept {
    return books.lost == 0 && books.doubled == 0 && books.unknown == 0 && books.money == 0 &&
           complaint.empty() && operations > 0;
  }
};

void print_json(const demo_result& r);
void print_verdict(const demo_result& r);

} // namespace holdfast::cli
