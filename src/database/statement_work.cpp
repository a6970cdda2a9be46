#include "database/statement_work.hpp"

#include "database/operation_key.hpp"

#include <holdfast/exceptions.hpp>

namespace holdfast::detail {

[[gnu::hot]] task<result<void>> statement_work::attempt(runtime& rt, drivers::sql_connection& on,
                                                        const call_terms& terms) {
  return on.perform(rt, what_, rows_, done_, terms.until);
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
  return on.script(rt, text_, terms.until);
}

task<void> statement_block::run(transaction_core& tx) {
  auto done = co_await tx.execute(what_, sink_);
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
