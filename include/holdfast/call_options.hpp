#pragma once

#include <holdfast/host_role.hpp>
#include <holdfast/outcome.hpp>
#include <holdfast/priority.hpp>
#include <holdfast/statement.hpp>
#include <holdfast/time.hpp>

#include <optional>
#include <string_view>
#include <type_traits>

namespace holdfast {

/// Where a result came from, for calls that take a stale one.
struct read_source {
  bool stale = false; ///< served from memory: the database was unavailable
  duration age{};     ///< since the database gave it; 0 if it did so now
};

/// What may differ from call to call. Texts are borrowed for the length of the call.
///
/// Trivially destructible on purpose: g++ 12 frees aggregate temporaries twice inside a `co_await`
/// expression.
struct call_options {
  /// For the whole call, retries included; empty: the database's own.
  std::optional<duration> deadline{};
  /// Running it twice is as good as once: it may be sent again though an answer was lost.
  /// Statements that only read are so by themselves.
  bool idempotent = false;
  /// For logs, metrics and reports: "seat.lookup". Never put data in it.
  std::string_view name{};
  /// Names this write once and for all: a lost reply is resolved by it, and doing it again with the
  /// same key does nothing and gives the first result. `execute` and `insert_many` only; at most
  /// 200 bytes.
  std::string_view operation_key{};
  /// For a write without a key: runs it in a transaction whose id is known before COMMIT leaves, so
  /// that a lost reply is resolved by that id, as `transaction` does. One more round trip, and one
  /// on each connection's first use. `execute` and `query` only; `idempotent` needs no resolving.
  bool traceable = false;
  /// While the host is down: the real cause at once, whatever `retry.on_outage` says.
  bool fail_fast = false;
  /// A read that takes longer than 95 in 100 of its kind is sent a second time, on another
  /// connection, within the retry budget; the first answer counts, the other attempt is cancelled.
  /// `query` and `execute` only, and only what reads or is `idempotent`.
  bool hedge = false;
  /// While the database is unavailable an answer of the past may be served, at most this old; needs
  /// `served`. `query` only, and only what reads.
  std::optional<duration> max_stale{};
  /// Told how the read was served. Must outlive the call.
  read_source* served = nullptr;
  std::string_view trace_id{};
  holdfast::priority priority = holdfast::priority::normal;
  /// With several hosts; empty: the database's `hosts.read`.
  std::optional<holdfast::read> read{};
  /// How far behind the primary a replica may be for this call; empty: `hosts.max_staleness`.
  std::optional<duration> max_staleness{};
};

/// What may differ from transaction to transaction.
struct transaction_options {
  holdfast::isolation isolation = holdfast::isolation::engine_default;
  bool read_only = false;
  bool deferrable = false; ///< PostgreSQL: with serializable and read_only
  /// As in `call_options`; the result of the block is stored with the key. Under one key blocks are
  /// told apart by `name` alone: two without a name pass for the same.
  std::string_view operation_key{};
  bool fail_fast = false; ///< as in `call_options`
  std::optional<duration> deadline{};
  std::string_view name{};
  std::string_view trace_id{};
  holdfast::priority priority = holdfast::priority::normal;
  /// With several hosts; empty: the database's `hosts.read`. Counts for `read_only` ones.
  std::optional<holdfast::read> read{};
  /// How far behind the primary a replica may be for this call; empty: `hosts.max_staleness`.
  std::optional<duration> max_staleness{};
};

static_assert(std::is_trivially_destructible_v<call_options>);
static_assert(std::is_trivially_destructible_v<transaction_options>);

namespace detail {

/// The transaction that a call with these options means.
[[nodiscard]] constexpr transaction_options transaction_options_of(const call_options& c) noexcept {
  transaction_options t;
  t.operation_key = c.operation_key;
  t.fail_fast = c.fail_fast;
  t.deadline = c.deadline;
  t.name = c.name;
  t.trace_id = c.trace_id;
  t.priority = c.priority;
  t.read = c.read;
  t.max_staleness = c.max_staleness;
  return t;
}

} // namespace detail

} // namespace holdfast
