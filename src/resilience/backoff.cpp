#include <holdfast/backoff.hpp>

#include <algorithm>
#include <cmath>

namespace holdfast {
namespace {

duration scaled(duration d, double factor) noexcept {
  const double ns = static_cast<double>(d.count()) * factor;
  constexpr double most = 0x1p62; // 146 years; keeps sums of two representable
  return duration{static_cast<duration::rep>(std::clamp(ns, 0.0, most))};
}

duration between(duration low, duration high, double u) noexcept {
  return low + scaled(high - low, u);
}

/// Before jitter. `n` counts from 1; the exponent saturates long before it could overflow.
duration capped(const backoff_options& o, std::uint32_t n) noexcept {
  if (o.first_at_once && n <= 1) return duration::zero();
  const std::uint32_t exponent = n - (o.first_at_once ? 2U : 1U);
  const double growth = std::pow(o.factor, static_cast<double>(std::min(exponent, 1000U)));
  return std::min(o.cap, scaled(o.base, growth));
}

/// U(base, 3 × previous); once that reaches the cap, a band below the cap instead of the cap.
duration decorrelated(const backoff_options& o, duration previous, double u) noexcept {
  const duration base = std::min(o.base, o.cap);
  if (previous <= duration::zero()) return base;
  const duration high = scaled(previous, 3.0);
  if (high < o.cap) return between(base, std::max(base, high), u);
  return between(std::max(base, o.cap / 2), o.cap, u);
}

duration jittered(const backoff_options& o, duration d, duration previous, double u) noexcept {
  switch (o.jitter) {
  case jitter::proportional: return scaled(d, 0.5 + u);
  case jitter::full: return scaled(d, u);
  case jitter::equal: return between(d / 2, d, u);
  case jitter::decorrelated: return decorrelated(o, previous, u);
  case jitter::none: return d;
  }
  return d;
}

} // namespace

duration backoff_delay(const backoff_options& options, std::uint32_t retry_number,
                       duration previous, std::uint64_t random,
                       std::optional<duration> at_least) noexcept {
  const double u = unit_interval(random);
  const duration d = capped(options, std::max(1U, retry_number));
  const bool at_once = options.first_at_once && retry_number <= 1;
  const duration spread = at_once ? d : jittered(options, d, previous, u);
  if (!at_least || spread >= *at_least) return spread;
  return options.jitter == jitter::none ? *at_least : scaled(*at_least, 1.0 + 0.1 * u);
}

duration backoff_total(const backoff_options& options, std::uint32_t retries) noexcept {
  duration total{};
  for (std::uint32_t n = 1; n <= retries; ++n) {
    const duration d = capped(options, n);
    // From the cap on every term is the same.
    if (d >= options.cap) return total + scaled(options.cap, static_cast<double>(retries - n + 1));
    if (d == capped(options, n + 1) && n > 1) return total + scaled(d, double(retries - n + 1));
    total += d;
  }
  return total;
}

} // namespace holdfast
