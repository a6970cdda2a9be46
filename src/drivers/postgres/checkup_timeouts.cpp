// The server's timeouts against ours: which of two clocks ends a thing first.
#include "drivers/postgres/checkup.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace holdfast::drivers::postgres {

namespace {

using namespace std::chrono_literals;

std::string shown(const std::optional<duration>& limit) { return limit ? spoken(*limit) : "none"; }

finding judge_statement_timeout(const server_settings& s, const yardstick& by) {
  constexpr auto check = "statement_timeout";
  const std::string found =
      fmt::format("{}; our deadline {}", shown(s.statement_timeout), spoken(by.options.deadline));
  if (!s.statement_timeout || *s.statement_timeout >= by.options.deadline)
    return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          "Raise statement_timeout above the option deadline, or lower that: the server cancels "
          "statements that still have time."};
}

finding judge_lock_timeout(const server_settings& s, const yardstick& by) {
  constexpr auto check = "lock_timeout";
  duration end = by.options.deadline;
  if (s.statement_timeout) end = std::min(end, *s.statement_timeout);
  const std::string found =
      fmt::format("{}; statements end after {}", shown(s.lock_timeout), spoken(end));
  if (!s.lock_timeout || *s.lock_timeout < end) return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          "Lower lock_timeout below deadline and statement_timeout: as it is it never acts, and a "
          "wait for a lock is not retried as one."};
}

finding judge_idle_in_transaction(const server_settings& s, const yardstick& by) {
  constexpr auto check = "idle_in_transaction_session_timeout";
  const std::string found = fmt::format("{}; our deadline {}", shown(s.idle_in_transaction_timeout),
                                        spoken(by.options.deadline));
  if (!s.idle_in_transaction_timeout || *s.idle_in_transaction_timeout >= by.options.deadline)
    return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          "Raise it above the option deadline, or lower that: a transaction that computes for so "
          "long between two statements loses its connection."};
}

finding judge_idle_session(const server_settings& s, const yardstick& by) {
  constexpr auto check = "idle_session_timeout";
  const auto silence = longest_silence(by.options.pool);
  const std::string found =
      fmt::format("{}; a pooled connection says nothing for up to {}",
                  shown(s.idle_session_timeout), silence ? spoken(*silence) : "any time");
  if (!s.idle_session_timeout || (silence && *silence < *s.idle_session_timeout))
    return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          fmt::format("Set pool.keepalive below {}, or idle_session_timeout = 0 for this role: the "
                      "server closes what the pool keeps warm.",
                      spoken(*s.idle_session_timeout))};
}

finding judge_keepalives(const server_settings& s, const tls_facts& way, const yardstick& by) {
  constexpr auto check = "tcp_keepalives";
  if (!s.keepalive_silence) return {check, verdict::ok, "a Unix socket needs none"};
  const std::string found = fmt::format("the server notices a client that vanished after {}",
                                        spoken(*s.keepalive_silence));
  // A client of the same machine does not vanish unnoticed.
  const duration most = by.options.pool.max_lifetime.value_or(30min);
  if (way.to_local_host || *s.keepalive_silence <= most) return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          "Set tcp_keepalives_idle = 60, tcp_keepalives_interval = 10 and tcp_keepalives_count = 6 "
          "at the server: until then it keeps the locks of who is gone."};
}

} // namespace

findings judge_timeouts(const server_settings& s, const tls_facts& way, const yardstick& by) {
  return {judge_statement_timeout(s, by), judge_lock_timeout(s, by),
          judge_idle_in_transaction(s, by), judge_idle_session(s, by),
          judge_keepalives(s, way, by)};
}

} // namespace holdfast::drivers::postgres
