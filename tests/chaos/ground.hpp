// Where a cell plays: a throwaway database with a bank and a set, and the boss's own way in.
#pragma once

#include <holdfast/database.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace holdfast::matrix {

inline constexpr std::int64_t account_count = 64;
inline constexpr std::int64_t opening_balance = 1000;

/// What callers say, in an engine's own words.
struct dialect {
  const char* echo;         ///< gives its one parameter back
  const char* slow_echo;    ///< the same after 30 ms or more
  const char* slowest_echo; ///< the same after 200 ms
  const char* withdraw;     ///< an amount, an account
  const char* deposit;
  const char* enter;         ///< an id, into the set
  const char* count_entries; ///< each id, and how often it is there
  const char* sum_accounts;
  bool traces = false; ///< a statement without a key may be `traceable`

  // Of engines with a server:
  const char* hold_accounts = ""; ///< in a transaction: nobody else changes one while it lives
  /// Makes a session that ends who waits for a lock, or runs, or rests, for longer than `…_limit`.
  const char* short_lock_waits = "";
  duration lock_limit{};
  const char* short_statements = "";
  const char* short_rests = "";
  duration rest_limit{};
  std::span<const errc> shutdown{};           ///< one of these is seen when it is stopped
  std::span<const char* const> corruptions{}; ///< rules for the proxy
  std::span<const errc> corrupted{};          ///< one of these is seen then
};

/// Threads: one user at a time.
class ground {
public:
  ground() = default;
  virtual ~ground() = default;
  ground(const ground&) = delete;
  ground& operator=(const ground&) = delete;

  [[nodiscard]] virtual std::string title() const = 0; ///< the engine, its version, how it is set
  [[nodiscard]] virtual const dialect& words() const noexcept = 0;
  /// Past every proxy, unharmed by what is set for callers.
  [[nodiscard]] virtual database& boss() = 0;
  /// Empty tables and full accounts.
  virtual void make_tables() = 0;
  /// Where callers enter: the server's own port; 0 where there is none.
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// How callers enter, at this port of 127.0.0.1: the server's own or a proxy's.
  [[nodiscard]] virtual std::string url(std::uint16_t port) const = 0;
  [[nodiscard]] virtual database connect(const std::string& url,
                                         const database_options& options) const = 0;
  /// Descriptors that the engine keeps in this process for its next connections.
  [[nodiscard]] virtual std::size_t spare_descriptors() const { return 0; }
  /// After a cell that was not played to its end.
  virtual void mend() = 0;

  /// Begins operation keys that nobody has used.
  [[nodiscard]] std::string next_run() { return "run" + std::to_string(++runs_) + "-"; }

private:
  int runs_ = 0;
};

} // namespace holdfast::matrix
