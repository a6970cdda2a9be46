#include "conformance/suite.hpp"

#include <vector>

namespace holdfast::conformance {

std::span<const test_case> cases() {
  static const auto all = [] {
    std::vector<test_case> joined;
    for (const auto& part : {connect_cases(), pool_cases(), transaction_cases(), deadline_cases(),
                             error_cases(), outcome_cases(), key_cases(), outage_cases(),
                             session_cases(), value_cases(), result_cases(), watch_cases()})
      joined.insert(joined.end(), part.begin(), part.end());
    return joined;
  }();
  return all;
}

} // namespace holdfast::conformance
