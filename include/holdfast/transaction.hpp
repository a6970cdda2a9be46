#pragma once

#include <holdfast/sql_verbs.hpp>
#include <holdfast/task.hpp>

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace holdfast {

class transaction;

namespace detail {

class transaction_core;
using make_row_source = std::function<std::unique_ptr<row_source>()>;

/// A block of user code as the core sees it. Run again, whole, on each attempt.
class block {
public:
  virtual ~block() = default;
  /// Calls the user's code; what it throws leaves this task.
  virtual task<void> run(transaction_core& tx) = 0;
  /// It makes one `execute` and nothing else.
  [[nodiscard]] virtual bool is_one_statement() const noexcept { return false; }
  /// Runs none of the user's code, so that an error of it may be tried again.
  [[nodiscard]] virtual bool is_ours() const noexcept { return false; }
  /// The result of the last run, as JSON, for the operation key's row.
  [[nodiscard]] virtual std::string result_text() const = 0;
  /// Takes a stored result instead of running. False if the text does not fit the type.
  virtual bool restore(std::string_view text) = 0;
};

/// How a block ended: an error of ours, or what the user's code threw.
struct block_end {
  result<void> outcome;
  std::exception_ptr thrown;
  void rethrow_if_failed() const {
    if (thrown) std::rethrow_exception(thrown);
    outcome.value();
  }
};

block_end run_savepoint(transaction_core& tx, block& body);

/// A blocking callable `R fn(transaction&)`.
template <class F, class R = std::invoke_result_t<F&, transaction&>>
class callable_block final : public block {
public:
  explicit callable_block(F& fn) noexcept : fn_{fn} {}
  task<void> run(transaction_core& tx) override;
  std::string result_text() const override;
  bool restore(std::string_view text) override;

  R take() {
    if constexpr (!std::is_void_v<R>) return std::move(*value_);
  }

private:
  F& fn_;
  std::optional<std::conditional_t<std::is_void_v<R>, char, R>> value_;
};

} // namespace detail

/// A running transaction, inside the callable that `database::transaction` was given. Not copied,
/// not kept: it is dead when the callable returns. One user at a time, which is checked
/// (transaction_in_use).
///
/// An error that ends or fails the transaction kills this object: every later call fails at once
/// with that first error, nothing more is sent, and COMMIT is not sent even if the callable returns
/// normally and the error was swallowed.
class transaction : public sql_verbs<transaction> {
public:
  explicit transaction(detail::transaction_core& core) noexcept : core_{&core} {}
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  /// Runs `fn(transaction&)` inside a savepoint: an exception undoes only that part and goes on to
  /// the caller, who may catch it. Nests. Never retried by itself: a conflict ends the whole block.
  template <class F>
  auto savepoint(F&& fn) -> std::invoke_result_t<F&, transaction&>;

private:
  friend class sql_verbs<transaction>;

  result<statement_result> run(const sql& text, std::span<const value> parameters, row_sink* rows);
  result<detail::blocking_stream> open_stream(const sql& text, std::span<const value> parameters,
                                              row_sink& first);
  result<void> run_script(const sql& text);
  result<std::uint64_t> run_insert(const sql& table, std::span<const std::string_view> columns,
                                   const detail::make_row_source& rows);

  detail::transaction_core* core_;
};

template <class F>
auto transaction::savepoint(F&& fn) -> std::invoke_result_t<F&, transaction&> {
  detail::callable_block<std::remove_reference_t<F>> body{fn};
  detail::run_savepoint(*core_, body).rethrow_if_failed();
  return body.take();
}

} // namespace holdfast

#include <holdfast/detail/callable_block.ipp>
