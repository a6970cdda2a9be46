#pragma once

#include <holdfast/priority.hpp>
#include <holdfast/time.hpp>

#include <optional>
#include <string_view>
#include <type_traits>

namespace holdfast {

/// What one caller asks of a pool. The views must live until the acquire has ended.
struct acquire_request {
  /// The wait ends at the sooner of this and the pool's `acquire_timeout`.
  std::optional<deadline> until{};
  holdfast::priority priority = holdfast::priority::normal;
  std::string_view operation{}; ///< for reports and events
  std::string_view trace_id{};
  /// The time, if the caller has just read the clock: saves the pool from reading it again.
  std::optional<time_point> now{};
};

// g++ 12 destroys aggregate temporaries with non-trivial members twice in a co_await expression.
static_assert(std::is_trivially_destructible_v<acquire_request>);

} // namespace holdfast
