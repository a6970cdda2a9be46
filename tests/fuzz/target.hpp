// A fuzz target: bytes in, and a promise that must hold for all of them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::fuzz {

struct target {
  std::string_view name;
  std::string_view what;
  void (*run)(std::string_view input);
  std::vector<std::string> (*seeds)(); ///< inputs that say much, to begin with
};

/// In the order of their names.
[[nodiscard]] std::span<const target> targets();
[[nodiscard]] const target* find_target(std::string_view name);

/// The promise is broken: ends the process, as a crash would.
inline void demand(bool holds, std::string_view what, std::string_view detail = {}) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN: %.*s", static_cast<int>(what.size()), what.data());
  if (!detail.empty())
    std::fprintf(stderr, ": %.*s", static_cast<int>(detail.size()), detail.data());
  std::fputc('\n', stderr);
  std::abort();
}

/// Takes an input apart, from its front; what is not there is zero or empty.
class reader {
public:
  explicit reader(std::string_view input) noexcept : left_{input} {}

  [[nodiscard]] bool empty() const noexcept { return left_.empty(); }
  std::uint8_t byte() noexcept {
    if (left_.empty()) return 0;
    const auto b = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return b;
  }
  std::string_view take(std::size_t n) noexcept {
    const std::string_view taken = left_.substr(0, n);
    left_.remove_prefix(taken.size());
    return taken;
  }
  /// Up to the next newline, which is taken too.
  std::string_view line() noexcept {
    const std::string_view taken = take(left_.find('\n'));
    (void)byte();
    return taken;
  }
  std::string_view rest() noexcept { return take(left_.size()); }

private:
  std::string_view left_;
};

} // namespace holdfast::fuzz
