#pragma once

#include <holdfast/priority.hpp>
#include <holdfast/time.hpp>

#include <array>
#include <cstdint>

namespace holdfast {

/// The state of one wait queue, as the newest arrival sees it.
struct admission_question {
  priority who = priority::normal;
  duration remaining{};      ///< until the arrival's deadline
  duration median_service{}; ///< how long a place is usually used; zero: not known yet
  std::uint32_t places = 1;  ///< operations that run at once (leases, or the limiter's limit)
  std::uint32_t free = 0;    ///< of these, unused
  std::array<std::uint32_t, 3> waiting{}; ///< by priority
  std::uint32_t queue_limit = 1000;
};

struct admission_answer {
  enum class verdict : std::uint8_t {
    admit,
    too_late,   ///< would be served after its deadline
    queue_full, ///< for this priority
  };
  verdict what = verdict::admit;
  duration expected_wait{};
  [[nodiscard]] bool admitted() const noexcept { return what == verdict::admit; }
};

/// Waiters that a priority may find before it and still queue up: critical all of the queue, normal
/// nine tenths, background half. Never zero unless the queue's limit is.
[[nodiscard]] std::uint32_t queue_share(priority who, std::uint32_t queue_limit) noexcept;

/// Refuse now what cannot be served in time? Pure. Whoever finds a free place and nobody before
/// them is admitted whatever the estimate. Those behind in priority do not count as "before", but
/// they do take up the queue.
[[nodiscard]] admission_answer decide_admission(const admission_question& q) noexcept;

} // namespace holdfast
