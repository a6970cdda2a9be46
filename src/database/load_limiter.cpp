#include "database/load_limiter.hpp"

#include <algorithm>

namespace holdfast::detail {

namespace {

/// An engine may have made the pool smaller than the options say (SQLite in memory).
limiter_options fitting(limiter_options o, std::uint32_t max_size) {
  if (!o.enabled) return o;
  o.ceiling = std::min(o.ceiling, max_size);
  o.floor = std::min(o.floor, o.ceiling);
  return o;
}

bool timed_out(const error& e) noexcept {
  if (e.code == errc::statement_timeout) return true;
  return e.code == errc::deadline_exceeded && e.when != phase::not_sent;
}

} // namespace

load_limiter::load_limiter(limiter_options options, std::uint32_t max_size, apply_limit apply)
    : tolerance_{options.tolerance}, limiter_{fitting(options, max_size)},
      apply_{std::move(apply)} {
  if (limiter_.enabled()) adjust();
}

void load_limiter::sample::ended(runtime& rt, const error* failure) noexcept {
  if (owner_) owner_->ended(rt.now() - began_, failure, in_use_);
}

void load_limiter::ended(duration took, const error* failure, std::uint32_t in_use) noexcept {
  const bool overloaded = failure && means_load(*failure, took);
  if (failure && !overloaded) return;
  if (!failure) usual_.add(took);
  limiter_.record(took, overloaded, in_use);
  if (limiter_.limit() != applied_.load(std::memory_order_relaxed)) adjust();
}

/// A timeout blames the server only if it had more than its usual time: who spent the deadline in
/// our own queue must not shrink the limit, and so lengthen the queue, for good.
bool load_limiter::means_load(const error& e, duration took) const noexcept {
  if (e.kind == category::overload) return true;
  const auto fair = tolerance_ * static_cast<double>(usual_.value().count());
  return timed_out(e) && static_cast<double>(took.count()) >= fair;
}

void load_limiter::adjust() noexcept {
  const std::lock_guard lock{mutex_};
  const std::uint32_t limit = limiter_.limit();
  if (applied_.exchange(limit, std::memory_order_relaxed) != limit) apply_(limit);
}

} // namespace holdfast::detail
