#include "database/transaction_work.hpp"

#include <holdfast/exceptions.hpp>

namespace holdfast::detail {

using drivers::transaction_status;

namespace {

error key_reused(std::string_view why) {
  return make_error(errc::operation_key_reused,
                    "the operation key was used before: " + std::string{why});
}

} // namespace

task<result<void>> transaction_work::attempt(runtime& rt, drivers::sql_connection& on,
                                             const call_terms& terms) {
  thrown_ = nullptr;
  settled_ = false;
  if (!doubt_.empty()) {
    const auto fate = co_await learn_fate(rt, on, terms);
    if (!fate) co_return fate.error();
    if (*fate == outcome::committed) co_return result<void>{}; // the block's result is still there
  }
  if (!lost_session_.empty()) {
    // It may still hold the key's row, and whoever waits for that learns nothing.
    const std::string session = std::exchange(lost_session_, {});
    auto ended = co_await on.end_session(rt, session, terms.until);
    if (!ended && !ended.error().connection_usable) co_return std::move(ended.error());
  }
  const bool traceable = how_.operation_key.empty() && !how_.read_only;
  const bool with_next = traceable && body_.is_one_statement();
  const drivers::begin_options how{how_.isolation, how_.read_only, how_.deferrable, traceable,
                                   with_next};
  auto begun = co_await on.begin(rt, how, terms.until);
  if (!begun) {
    begun.error().effect = side_effect::none; // BEGIN changes nothing
    co_return begun;
  }
  db_.publish({.kind = event_kind::transaction_begun}, rt.coarse_now(), terms);
  if (++begun_ > 1)
    db_.publish({.kind = event_kind::transaction_retried, .attempt = begun_}, rt.coarse_now(),
                terms);
  if (how_.operation_key.empty()) co_return co_await run_block(rt, on, terms);

  const auto& table = db_.driver().operation_table();
  auto claimed = co_await claim_key(rt, on, table, how_.operation_key, fingerprint_, terms.until);
  if (!claimed) co_return co_await undo(rt, on, terms, std::move(claimed.error()));
  if (*claimed == claim::taken) co_return co_await answer_from_row(rt, on, terms);
  // Claiming it fenced the earlier attempt: it can never commit.
  settled_ = std::exchange(in_doubt_, false);
  if (settled_) note_resolved(rt, terms, event_reason::not_committed);
  co_return co_await run_block(rt, on, terms);
}

/// By the engine's own word, from another session. Only "no" leads to another try.
task<result<outcome>> transaction_work::learn_fate(runtime& rt, drivers::sql_connection& on,
                                                   const call_terms& terms) {
  auto told = co_await on.settle(rt, doubt_, terms.until);
  if (!told) co_return told;
  if (*told == outcome::unknown) {
    auto e = make_error(errc::outcome_unknown, "the server cannot tell what became of it");
    e.effect = side_effect::unknown;
    e.outcome_token = std::exchange(doubt_, {});
    co_return e;
  }
  const bool committed = *told == outcome::committed;
  note_resolved(rt, terms, committed ? event_reason::committed : event_reason::not_committed);
  doubt_.clear();
  in_doubt_ = false;
  settled_ = !committed;
  co_return told;
}

/// COMMIT was sent and not answered.
void transaction_work::doubt(const drivers::sql_connection& on, error& unanswered) {
  in_doubt_ = true;
  if (!how_.operation_key.empty()) {
    lost_session_ = on.session_token();
    return;
  }
  doubt_ = on.transaction_token();
  unanswered.outcome_token = doubt_;
}

/// The key is there already: the verdict is "committed", and the stored result is the answer.
task<result<void>> transaction_work::answer_from_row(runtime& rt, drivers::sql_connection& on,
                                                     const call_terms& terms) {
  if (on.in_transaction() != transaction_status::none) {
    auto undone = co_await on.rollback(rt, terms.until);
    if (!undone) co_return undone;
  }
  auto stored = co_await read_operation(rt, on, db_.driver().operation_table(), how_.operation_key,
                                        terms.until);
  if (!stored) co_return std::move(stored.error());
  if (!*stored) // its owner rolled back in between: claim it again
    co_return make_error(errc::serialization_failure, "the operation key changed meanwhile");
  const stored_operation& row = **stored;
  if (row.tombstone) co_return key_reused("it was settled as not committed; take a new one");
  if (row.fingerprint != fingerprint_)
    co_return key_reused("by an operation with another name or payload");
  if (!row.result) { // its statement committed the key, and the block did not come to its end
    auto half = make_error(errc::implicit_commit,
                           "an earlier try under this operation key ended its transaction by a "
                           "statement of its own: a part of it is in force, the rest is not");
    half.effect = side_effect::applied;
    co_return half;
  }
  if (!body_.restore(*row.result)) co_return key_reused("its stored result is of another type");
  if (in_doubt_) note_resolved(rt, terms, event_reason::committed);
  co_return result<void>{};
}

task<result<void>> transaction_work::run_block(runtime& rt, drivers::sql_connection& on,
                                               const call_terms& terms) {
  transaction_core tx{rt, on, db_.driver(), terms};
  std::optional<error> cause;
  try {
    co_await body_.run(tx);
  } catch (const database_error& e) {
    thrown_ = std::current_exception();
    cause = e.details();
  } catch (...) {
    thrown_ = std::current_exception();
    cause = make_error(errc::user_exception, "the transaction's callable threw");
  }
  co_await tx.finish();
  if (const error* failed = tx.failure()) co_return co_await undo(rt, on, terms, *failed);
  if (cause) {
    // It left the transaction alive: no business of the retry layer, unless nobody else can see it.
    if (!body_.is_ours()) cause->next = advice::give_up;
    cause->connection_usable = true;
    cause->effect = side_effect::none; // COMMIT was not sent
    co_return co_await undo(rt, on, terms, std::move(*cause));
  }
  co_return co_await finish(rt, on, terms);
}

task<result<void>> transaction_work::finish(runtime& rt, drivers::sql_connection& on,
                                            const call_terms& terms) {
  if (!how_.operation_key.empty()) {
    std::string json;
    std::optional<error> cause;
    try {
      json = body_.result_text();
    } catch (...) { // the user's own conversion
      thrown_ = std::current_exception();
      cause = make_error(errc::user_exception, "the block's result could not be written");
    }
    if (cause) co_return co_await undo(rt, on, terms, std::move(*cause));
    auto stored = co_await store_result(rt, on, db_.driver().operation_table(), how_.operation_key,
                                        json, terms.until);
    if (!stored) co_return co_await undo(rt, on, terms, std::move(stored.error()));
  }
  auto committed = co_await on.commit(rt, terms.until);
  if (committed) {
    db_.publish({.kind = event_kind::transaction_committed}, rt.coarse_now(), terms);
    co_return committed;
  }
  if (committed.error().effect == side_effect::unknown) {
    doubt(on, committed.error());
    co_return committed;
  }
  co_return co_await undo(rt, on, terms, std::move(committed.error()));
}

/// Rolls back what is open; a connection on which that fails is in doubt.
task<error> transaction_work::undo(runtime& rt, drivers::sql_connection& on,
                                   const call_terms& terms, error cause) {
  const bool open = on.in_transaction() != transaction_status::none;
  if (cause.connection_usable && open) {
    auto undone = co_await on.rollback(rt, terms.until);
    if (!undone) cause.connection_usable = false;
  }
  db_.publish({.kind = event_kind::transaction_rolled_back, .failure = &cause}, rt.coarse_now(),
              terms);
  co_return cause;
}

void transaction_work::note_resolved(runtime& rt, const call_terms& terms, event_reason how) {
  db_.count_resolved();
  db_.publish({.kind = event_kind::outcome_resolved, .reason = how}, rt.coarse_now(), terms);
}

} // namespace holdfast::detail
