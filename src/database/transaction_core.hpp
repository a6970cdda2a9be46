// A running transaction: what the user's handle forwards to, and the rule that an error which fails
// the transaction kills it.
#pragma once

#include "database/work.hpp"

#include <holdfast/row_stream.hpp>
#include <holdfast/transaction.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::detail {

class transaction_stream;

[[nodiscard]] error in_use();

/// Rows that are still to come, with the text and parameters that they need.
struct open_rows {
  explicit open_rows(const statement& s)
      : text{s.sql}, parameters{s.parameters.begin(), s.parameters.end()} {}
  std::string text;
  std::vector<value> parameters;
  drivers::cursor_ptr cursor;
};

/// Lives in the frame of the attempt. One user at a time; a second one is told so.
class transaction_core {
public:
  transaction_core(runtime& rt, drivers::sql_connection& on, const drivers::sql_driver& engine,
                   const call_terms& terms) noexcept
      : rt_{rt}, on_{on}, engine_{engine}, terms_{terms} {}

  [[nodiscard]] task<result<statement_result>> execute(statement what, row_sink* rows);
  /// Until the stream has ended nothing else can be asked. Null if `first` has all rows.
  [[nodiscard]] task<result<stream_ptr>> open_stream(statement what, row_sink& first);
  [[nodiscard]] task<result<void>> script(std::string_view text);
  [[nodiscard]] task<result<std::uint64_t>> insert(std::string_view table,
                                                   std::span<const std::string_view> columns,
                                                   const make_row_source& rows);
  [[nodiscard]] task<block_end> savepoint(block& body);

  /// The callable has returned: whoever kept the handle is told. Ends a stream that is open still.
  [[nodiscard]] task<void> finish();
  /// The first error that failed the transaction; it cannot commit.
  [[nodiscard]] const error* failure() const noexcept { return failure_ ? &*failure_ : nullptr; }

  [[nodiscard]] runtime& home() const noexcept { return rt_; }

private:
  friend class transaction_stream;
  class user; // holds the "in use" mark

  [[nodiscard]] std::optional<error> refuse() const;
  [[nodiscard]] error note(error e);
  [[nodiscard]] std::optional<error> check_still_open(std::string_view text);
  [[nodiscard]] task<result<void>> leave_savepoint(bool keep);
  [[nodiscard]] task<result<bool>> fetch(transaction_stream& from, row_sink& rows);
  [[nodiscard]] task<result<void>> end_rows(transaction_stream& from);
  void cut_off_stream() noexcept;
  [[nodiscard]] task<result<void>> end_left_rows();

  runtime& rt_;
  drivers::sql_connection& on_;
  const drivers::sql_driver& engine_;
  const call_terms& terms_;
  std::atomic<bool> in_use_{false};
  bool finished_ = false;
  transaction_stream* stream_ = nullptr; // the one that is open
  std::unique_ptr<open_rows> left_;      // what a stream left unread: ended before the next call
  std::uint32_t depth_ = 0;              // savepoints that are open
  std::optional<error> failure_;         // the whole transaction is dead
  std::optional<error> inner_failure_; // the innermost savepoint is: undone when its callable ends
};

/// Marks the transaction as in use for the length of one call.
class transaction_core::user {
public:
  explicit user(transaction_core& tx) noexcept : tx_{tx}, entered_{!tx.in_use_.exchange(true)} {}
  user(const user&) = delete;
  user& operator=(const user&) = delete;
  ~user() {
    if (entered_) tx_.in_use_.store(false);
  }
  [[nodiscard]] bool entered() const noexcept { return entered_; }

private:
  transaction_core& tx_;
  bool entered_;
};

} // namespace holdfast::detail
