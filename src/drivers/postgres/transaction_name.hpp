// The name of a transaction, known before its COMMIT leaves, by which another session can learn
// what became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::drivers::postgres {

/// One life of one server. A transaction's id proves nothing beyond it: ids whose assignment was
/// not flushed before a crash are given out again. The time of the last reset of the background
/// writer's statistics changes at each crash recovery and survives a clean restart (seen with
/// PostgreSQL 15), the timeline changes at each promotion.
struct incarnation {
  std::uint64_t system = 0;
  std::uint32_t timeline = 0; ///< 0: in recovery
  std::int64_t reset = 0;     ///< microseconds since 1970

  friend bool operator==(const incarnation&, const incarnation&) = default;
};

/// A session, as pg_stat_activity has it. Process ids are used again: the start makes it one.
struct backend {
  std::int64_t pid = 0;   ///< 0: behind a pooler, where it says nothing
  std::int64_t start = 0; ///< microseconds since 1970
};

struct transaction_name {
  std::uint64_t xid = 0; ///< 64 bits, as pg_current_xact_id gives it
  incarnation server{};
  backend session{};
};

[[nodiscard]] std::string to_string(const transaction_name& n);
[[nodiscard]] std::optional<transaction_name> parse_transaction_name(std::string_view token);

} // namespace holdfast::drivers::postgres
