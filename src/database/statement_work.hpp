// Attempts of single statements.
#pragma once

#include "database/transaction_core.hpp"
#include "database/work.hpp"

#include <holdfast/call_options.hpp>
#include <holdfast/operation_codec.hpp>
#include <holdfast/trace_id.hpp>

namespace holdfast::detail {

class database_core;

class statement_work final : public work {
public:
  statement_work(const statement& what, row_sink* rows) noexcept : what_{what}, rows_{rows} {}
  task<result<void>> attempt(runtime& rt, drivers::sql_connection& on,
                             const call_terms& terms) override;
  [[nodiscard]] attempt_facts take_facts(const drivers::sql_driver& engine) override {
    return {.repeatable = !engine.writes(what_.sql)};
  }
  [[nodiscard]] statement_result take() const noexcept { return done_; }

private:
  statement what_;
  row_sink* rows_;
  statement_result done_;
};

/// Whether a statement is its own transaction, which nothing names, and nothing stands in for. What
/// may be done twice needs no proof that it was done once.
[[nodiscard]] inline bool is_alone(const call_options& how) noexcept {
  const bool named = !how.operation_key.empty() || (how.traceable && !how.idempotent);
  return !named && !how.hedge && !how.max_stale && !how.served;
}

/// Such a statement with all that must live as long as its call.
struct lone_statement {
  lone_statement(const database_core& core, runtime& rt, const statement& s, row_sink* rows,
                 const call_options& how, std::source_location caller);
  [[nodiscard]] result<statement_result> answer(result<void> done);

  trace_id trace{};
  call_terms terms;
  statement_work what;
};

/// What became of a transaction that the engine itself has named.
class settle_work final : public work {
public:
  explicit settle_work(std::string_view token) noexcept : token_{token} {}
  task<result<void>> attempt(runtime& rt, drivers::sql_connection& on,
                             const call_terms& terms) override;
  [[nodiscard]] outcome answer() const noexcept { return answer_; }

private:
  std::string_view token_;
  outcome answer_ = outcome::unknown;
};

class script_work final : public work {
public:
  explicit script_work(std::string_view text) noexcept : text_{text} {}
  task<result<void>> attempt(runtime& rt, drivers::sql_connection& on,
                             const call_terms& terms) override;

private:
  std::string_view text_;
};

/// One statement as the block of a transaction; its result is the number of rows. What it reads
/// goes to the sink, and cannot be stored under a key.
class statement_block final : public block {
public:
  explicit statement_block(const statement& what, row_sink* sink = nullptr) noexcept
      : what_{what}, sink_{sink} {}
  [[nodiscard]] bool is_one_statement() const noexcept override { return true; }
  [[nodiscard]] bool is_ours() const noexcept override { return true; }
  task<void> run(transaction_core& tx) override;
  [[nodiscard]] std::string result_text() const override { return encode_result(rows_); }
  bool restore(std::string_view text) override { return decode_result(text, rows_); }
  [[nodiscard]] std::uint64_t rows_affected() const noexcept { return rows_; }

private:
  statement what_;
  row_sink* sink_;
  std::uint64_t rows_ = 0;
};

/// A bulk insert as the block of a transaction.
class insert_block final : public block {
public:
  insert_block(std::string_view table, std::span<const std::string_view> columns,
               const make_row_source& rows) noexcept
      : table_{table}, columns_{columns}, source_{rows} {}
  [[nodiscard]] bool is_ours() const noexcept override { return true; }
  task<void> run(transaction_core& tx) override;
  [[nodiscard]] std::string result_text() const override { return encode_result(rows_); }
  bool restore(std::string_view text) override { return decode_result(text, rows_); }
  [[nodiscard]] std::uint64_t rows_affected() const noexcept { return rows_; }
  /// Empty without a key: it takes all rows once.
  [[nodiscard]] std::string fingerprint(const transaction_options& how) const;

private:
  std::string_view table_;
  std::span<const std::string_view> columns_;
  const make_row_source& source_;
  std::uint64_t rows_ = 0;
};

} // namespace holdfast::detail
