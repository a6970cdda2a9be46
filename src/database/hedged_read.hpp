// A read of which two attempts may be under way: all that they touch, owned.
#pragma once

#include "database/row_copy.hpp"
#include "database/work.hpp"

#include <holdfast/hedge.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::detail {

class database_core;

struct hedged_read {
  hedged_read(std::shared_ptr<database_core> keep, const statement& s, const call_terms& t);
  hedged_read(const hedged_read&) = delete;
  hedged_read& operator=(const hedged_read&) = delete;

  std::shared_ptr<database_core> owner; ///< null in a simulation, whose database outlives all
  std::string text;
  std::string name;
  std::string trace_id;
  std::vector<value> parameters;
  statement what;   // looks at text and parameters
  call_terms terms; // its views point into the strings above
  /// Where the second attempt goes: chosen by the caller before it is spawned. Here, as it may
  /// begin when the first has answered and the caller has gone.
  host* second = nullptr;
};

/// The call's side of it.
struct hedged_call {
  std::shared_ptr<hedged_read> shared;
  row_copy answer{}; ///< of the attempt that won
};

/// What is usual for each statement, by its text. Statements that fall on one place share it, which
/// an estimate bears. Thread-safe, lock-free.
class hedge_book {
public:
  [[nodiscard]] p95_estimate& of(std::string_view text) noexcept {
    return places_[std::hash<std::string_view>{}(text) % places_.size()];
  }

private:
  std::array<p95_estimate, 64> places_;
};

} // namespace holdfast::detail
