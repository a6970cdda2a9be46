// One attempt of a whole transaction: begin, the user's block, commit; with an operation key, also
// its row.
#pragma once

#include "database/database_core.hpp"
#include "database/operation_key.hpp"
#include "database/transaction_core.hpp"

#include <string>

namespace holdfast::detail {

class transaction_work final : public work {
public:
  transaction_work(database_core& db, const transaction_options& how, block& body,
                   std::string fingerprint)
      : db_{db}, how_{how}, body_{body}, fingerprint_{std::move(fingerprint)} {}

  task<result<void>> attempt(runtime& rt, drivers::sql_connection& on,
                             const call_terms& terms) override;

  [[nodiscard]] attempt_facts take_facts(const drivers::sql_driver&) override {
    // Once: the next attempt may fail before it gets here, and that settles nothing.
    const bool can_ask = in_doubt_ && (!how_.operation_key.empty() || !doubt_.empty());
    return {.in_doubt = can_ask, .settled = std::exchange(settled_, false)};
  }

  /// What the user's code threw in the last attempt, if that is why it failed.
  [[nodiscard]] std::exception_ptr thrown() const noexcept { return thrown_; }

private:
  [[nodiscard]] task<result<void>> run_block(runtime& rt, drivers::sql_connection& on,
                                             const call_terms& terms);
  [[nodiscard]] task<result<void>> finish(runtime& rt, drivers::sql_connection& on,
                                          const call_terms& terms);
  [[nodiscard]] task<result<void>> answer_from_row(runtime& rt, drivers::sql_connection& on,
                                                   const call_terms& terms);
  [[nodiscard]] task<result<outcome>> learn_fate(runtime& rt, drivers::sql_connection& on,
                                                 const call_terms& terms);
  void doubt(const drivers::sql_connection& on, error& unanswered);
  [[nodiscard]] task<error> undo(runtime& rt, drivers::sql_connection& on, const call_terms& terms,
                                 error cause);
  void note_resolved(runtime& rt, const call_terms& terms, event_reason how);

  database_core& db_;
  const transaction_options& how_;
  block& body_;
  std::string fingerprint_;
  std::exception_ptr thrown_;
  std::uint32_t begun_ = 0;
  bool in_doubt_ = false;    // an earlier attempt's COMMIT was not answered
  std::string lost_session_; // of that attempt, where the engine can end it
  std::string doubt_;        // the engine's name of that attempt, if no key names it
  bool settled_ = false;     // this attempt found out that the earlier one did not commit
};

} // namespace holdfast::detail
