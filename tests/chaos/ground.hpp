// Where a cell plays: a throwaway PostgreSQL with a bank and a set, and the boss's own way in.
#pragma once

#include "testing/postgres_server.hpp"

#include <holdfast/database.hpp>

#include <cstdint>
#include <string>

namespace holdfast::matrix {

inline constexpr std::int64_t account_count = 64;
inline constexpr std::int64_t opening_balance = 1000;

/// Threads: one user at a time.
class ground {
public:
  explicit ground(testing::postgres_server_options options = {});

  testing::postgres_server server;
  /// The superuser, past every proxy, unharmed by settings of the role `app`.
  database boss;

  /// Empty tables and full accounts.
  void make_tables();
  /// Of the role `app`.
  void end_sessions();
  /// How callers enter: as the role `app`, at this port of 127.0.0.1, the server's own or a
  /// proxy's.
  [[nodiscard]] std::string url(std::uint16_t port) const;
  /// Begins operation keys that nobody has used.
  [[nodiscard]] std::string next_run() { return "run" + std::to_string(++runs_) + "-"; }

private:
  int runs_ = 0;
};

/// The superuser's own way into a server.
[[nodiscard]] database enter_as_boss(testing::postgres_server& server);

/// fsync is off: what is tested is what replies were lost, not what a disk keeps.
[[nodiscard]] testing::postgres_server_options fast_server();

} // namespace holdfast::matrix
