// A running transaction: what the user's handle forwards to, and the rule that an error which fails
// the transaction kills it.
#pragma once

#include "database/work.hpp"

#include <holdfast/transaction.hpp>

#include <atomic>
#include <optional>

namespace holdfast::detail {

/// Lives in the frame of the attempt. One user at a time; a second one is told so.
class transaction_core {
public:
  transaction_core(runtime& rt, drivers::sql_connection& on, const drivers::sql_driver& engine,
                   const call_terms& terms) noexcept
      : rt_{rt}, on_{on}, engine_{engine}, terms_{terms} {}

  [[nodiscard]] task<result<statement_result>> execute(statement what, row_sink* rows);
  [[nodiscard]] task<result<void>> script(std::string_view text);
  [[nodiscard]] task<result<std::uint64_t>> insert(std::string_view table,
                                                   std::span<const std::string_view> columns,
                                                   const make_row_source& rows);
  [[nodiscard]] task<block_end> savepoint(block& body);

  /// The callable has returned: whoever kept the handle is told.
  void finish() noexcept { finished_ = true; }
  /// The first error that failed the transaction; it cannot commit.
  [[nodiscard]] const error* failure() const noexcept { return failure_ ? &*failure_ : nullptr; }

  [[nodiscard]] runtime& home() const noexcept { return rt_; }

private:
  class user; // holds the "in use" mark

  [[nodiscard]] std::optional<error> refuse() const;
  [[nodiscard]] error note(error e);
  [[nodiscard]] std::optional<error> check_still_open(std::string_view text);
  [[nodiscard]] task<result<void>> leave_savepoint(bool keep);

  runtime& rt_;
  drivers::sql_connection& on_;
  const drivers::sql_driver& engine_;
  const call_terms& terms_;
  std::atomic<bool> in_use_{false};
  bool finished_ = false;
  std::uint32_t depth_ = 0;            // savepoints that are open
  std::optional<error> failure_;       // the whole transaction is dead
  std::optional<error> inner_failure_; // the innermost savepoint is: undone when its callable ends
};

} // namespace holdfast::detail
