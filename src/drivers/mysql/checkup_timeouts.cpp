// The server's timeouts against ours: which of two clocks ends a thing first.
#include "drivers/mysql/checkup.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace holdfast::drivers::mysql {

namespace {

std::string shown(const std::optional<duration>& limit) { return limit ? spoken(*limit) : "none"; }

finding judge_wait_timeout(const server_settings& s, const yardstick& by) {
  constexpr auto check = "wait_timeout";
  const auto silence = longest_silence(by.options.pool);
  const std::string found =
      fmt::format("{}; a pooled connection says nothing for up to {}", shown(s.wait_timeout),
                  silence ? spoken(*silence) : "any time");
  if (!s.wait_timeout || (silence && *silence < *s.wait_timeout))
    return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          fmt::format("Set pool.keepalive below {}, or raise wait_timeout: the server closes what "
                      "the pool keeps warm.",
                      spoken(*s.wait_timeout))};
}

finding judge_idle_transaction(const server_settings& s, const yardstick& by) {
  constexpr auto check = "idle_transaction_timeout";
  const std::string found = fmt::format("{}; our deadline {}", shown(s.idle_transaction_timeout),
                                        spoken(by.options.deadline));
  if (!s.idle_transaction_timeout || *s.idle_transaction_timeout >= by.options.deadline)
    return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          "Raise it above the option deadline, or lower that: a transaction that computes for so "
          "long between two statements loses its connection."};
}

finding judge_statement_timeout(const server_settings& s, const yardstick& by) {
  constexpr auto check = "statement_timeout";
  const std::string found =
      fmt::format("{}; our deadline {}", shown(s.statement_timeout), spoken(by.options.deadline));
  if (!s.statement_timeout || *s.statement_timeout >= by.options.deadline)
    return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          "Raise max_statement_time (MySQL: max_execution_time) above the option deadline, or "
          "lower that: the server cancels statements that still have time."};
}

/// Its default, 50 s, is above our own: then a wait for a lock ends as any other wait does.
finding judge_lock_wait(const server_settings& s, const yardstick& by) {
  constexpr auto check = "innodb_lock_wait_timeout";
  const bool acts = s.lock_wait_timeout && *s.lock_wait_timeout < by.options.deadline;
  return {
      check, verdict::ok,
      fmt::format("{}; {}", shown(s.lock_wait_timeout),
                  acts ? "then the statement is tried again"
                       : "our deadline ends the wait before, at " + spoken(by.options.deadline))};
}

finding judge_rollback_on_timeout(const server_settings& s) {
  constexpr auto check = "innodb_rollback_on_timeout";
  if (s.rollback_on_timeout)
    return {check, verdict::ok, "on: a lock that is not had in time ends the transaction"};
  return {check, verdict::ok, "off: a lock that is not had in time undoes its statement alone"};
}

} // namespace

findings judge_timeouts(const server_settings& s, const yardstick& by) {
  return {judge_wait_timeout(s, by), judge_idle_transaction(s, by), judge_statement_timeout(s, by),
          judge_lock_wait(s, by), judge_rollback_on_timeout(s)};
}

} // namespace holdfast::drivers::mysql
