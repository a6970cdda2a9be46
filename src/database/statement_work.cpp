#include "database/statement_work.hpp"

#include "database/operation_key.hpp"

#include <holdfast/exceptions.hpp>

namespace holdfast::detail {

using drivers::transaction_status;

namespace {

bool left_open(const drivers::sql_connection& on) noexcept {
  return on.in_transaction() != transaction_status::none;
}

/// A transaction that the text opened and did not end would be the next borrower's.
task<result<void>> refuse_open_transaction(runtime& rt, drivers::sql_connection& on,
                                           const call_terms& terms) {
  auto e = make_error(errc::invalid_statement,
                      "the statement left a transaction open, which was rolled back: use "
                      "transaction() instead");
  auto undone = co_await on.rollback(rt, terms.until);
  e.connection_usable = undone.has_value();
  co_return e;
}

} // namespace

task<result<void>> statement_work::attempt(runtime& rt, drivers::sql_connection& on,
                                           const call_terms& terms) {
  auto done = co_await on.execute(rt, what_, rows_, terms.until);
  if (!done) co_return std::move(done.error());
  done_ = std::move(*done);
  if (left_open(on)) co_return co_await refuse_open_transaction(rt, on, terms);
  co_return result<void>{};
}

task<result<void>> settle_work::attempt(runtime& rt, drivers::sql_connection& on,
                                        const call_terms& terms) {
  const auto told = co_await on.settle(rt, token_, terms.until);
  if (!told) co_return told.error();
  answer_ = *told;
  co_return result<void>{};
}

task<result<void>> script_work::attempt(runtime& rt, drivers::sql_connection& on,
                                        const call_terms& terms) {
  auto done = co_await on.script(rt, text_, terms.until);
  if (!done) co_return done;
  if (left_open(on)) co_return co_await refuse_open_transaction(rt, on, terms);
  co_return result<void>{};
}

task<void> statement_block::run(transaction_core& tx) {
  auto done = co_await tx.execute(what_, nullptr);
  rows_ = std::move(done).value().rows_affected;
}

std::string insert_block::fingerprint(const transaction_options& how) const {
  if (how.operation_key.empty()) return {};
  const auto rows = source_();
  return fingerprint_of(table_, columns_, *rows);
}

task<void> insert_block::run(transaction_core& tx) {
  auto done = co_await tx.insert(table_, columns_, source_);
  rows_ = std::move(done).value();
}

} // namespace holdfast::detail
