// What the demo's callers were told, kept in their own memory: the books are checked against it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace holdfast::cli {

enum class answer : std::uint8_t {
  acknowledged, ///< it is in force
  refused,      ///< it is not: the seat is taken, or the block was made to throw
  failed,       ///< it is not: an error with effect none
  unknown,      ///< nobody knows yet; `token` may tell later
};

enum class deed : std::uint8_t { booking, transfer };

struct entry {
  deed what{};
  answer told{};
  std::string id; ///< the operation key, and the row's id
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t amount = 0;
  std::string token;
};

/// Counts that the screen and the faults read while callers write. Threads: any.
struct tally {
  std::atomic<std::uint64_t> acknowledged = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::atomic<std::uint64_t> unknown = 0;
  /// When an operation last succeeded, in nanoseconds of the steady clock.
  std::atomic<std::int64_t> last_success = 0;

  [[nodiscard]] std::uint64_t operations() const noexcept {
    return acknowledged + refused + failed + unknown;
  }
};

/// One caller's entries and times; written by that caller alone until it has ended.
struct ledger {
  std::vector<entry> entries;
  std::vector<float> milliseconds;
  std::string first_failure;
};

/// The q-quantile of all callers' times, 0 if there are none.
[[nodiscard]] double quantile(const std::vector<ledger>& books, double q);

} // namespace holdfast::cli
