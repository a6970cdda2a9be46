#include "resilience/limiter_core.hpp"
#include "resilience/violations.hpp"

#include <holdfast/concurrency_limiter.hpp>

#include <mutex>
#include <string>

namespace holdfast {

struct concurrency_limiter::state {
  explicit state(const limiter_options& options) : core{options} {}
  std::mutex mutex; // guards `core`
  detail::limiter_core core;
};

namespace {

const limiter_options& valid(const limiter_options& options) {
  detail::throw_violations(validate(options));
  return options;
}

} // namespace

concurrency_limiter::concurrency_limiter(const limiter_options& options)
    : enabled_{valid(options).enabled}, limit_{options.ceiling},
      state_{std::make_unique<state>(options)} {
  if (enabled_) limit_ = state_->core.limit();
}

concurrency_limiter::~concurrency_limiter() = default;

void concurrency_limiter::record(duration took, bool timed_out, std::uint32_t in_use) noexcept {
  if (!enabled_) return;
  std::unique_lock lock{state_->mutex, std::defer_lock};
  if (timed_out)
    lock.lock();
  else if (!lock.try_lock())
    return;
  state_->core.sample(took, timed_out, in_use);
  limit_.store(state_->core.limit(), std::memory_order_relaxed);
}

error concurrency_limiter::refusal() const {
  return make_error(errc::admission_refused,
                    "the concurrency limit of " + std::to_string(limit()) + " is reached");
}

} // namespace holdfast
