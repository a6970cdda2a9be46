#include "database/transaction_core.hpp"

#include "database/bulk_insert.hpp"
#include "database/transaction_stream.hpp"

#include <algorithm>

namespace holdfast::detail {

using drivers::transaction_status;

namespace {

enum class ending : std::uint8_t { committed, rolled_back, unknown };

constexpr auto lowered = [](char c) {
  return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
};

/// How a statement that ended the transaction ended it, by its first word; scripts have none.
ending ending_of(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return ending::unknown;
  text.remove_prefix(start);
  const auto is = [text](std::string_view word) {
    return std::ranges::equal(text.substr(0, word.size()), word, {}, lowered);
  };
  if (is("rollback") || is("abort")) return ending::rolled_back;
  return is("commit") || is("end") ? ending::committed : ending::unknown;
}

/// COMMIT AND CHAIN and its like: the transaction would be another, and seem to be the same.
std::optional<error> chain_refusal(std::string_view text) {
  if (ending_of(text) == ending::unknown) return std::nullopt;
  if (std::ranges::search(text, std::string_view{"chain"}, {}, lowered).empty())
    return std::nullopt;
  return make_error(errc::invalid_statement,
                    "a transaction's block cannot exchange its transaction for another one");
}

/// What failed the block, told again to each later call. Nothing of that call was sent.
error again(const error& first) {
  error e = first;
  e.when = phase::not_sent;
  e.effect = side_effect::none;
  return e;
}

} // namespace

error in_use() {
  return make_error(errc::transaction_in_use,
                    "the transaction is in use by another call: it has one user at a time");
}

std::optional<error> transaction_core::refuse() const {
  if (finished_)
    return make_error(errc::transaction_finished,
                      "the transaction has ended: its handle is good inside its callable only");
  if (failure_) return again(*failure_);
  if (inner_failure_) return again(*inner_failure_);
  if (stream_)
    return make_error(errc::transaction_in_use,
                      "a stream of the transaction is open: read it to its end or close it first");
  return std::nullopt;
}

/// Decides what an error means to the block. Inside a transaction nothing has taken effect yet, so
/// only of one that is gone the driver's word counts: its statement may have committed it.
error transaction_core::note(error e) {
  const bool gone = !e.connection_usable || on_.in_transaction() == transaction_status::none;
  if (!gone) e.effect = side_effect::none;
  if (e.effect != side_effect::none) e.next = advice::give_up;
  if (gone || e.next == advice::retry_transaction || (!e.transaction_usable && depth_ == 0)) {
    e.transaction_usable = false;
    failure_ = e;
  } else if (!e.transaction_usable) {
    inner_failure_ = e;
  }
  return e;
}

/// The user's own text may have ended the transaction behind our back.
std::optional<error> transaction_core::check_still_open(std::string_view text) {
  if (on_.in_transaction() != transaction_status::none) return std::nullopt;
  const ending how = ending_of(text);
  if (how == ending::rolled_back) {
    failure_ = make_error(errc::transaction_finished,
                          "a statement of the block rolled the transaction back; let the callable "
                          "throw instead");
    return *failure_;
  }
  failure_ = make_error(errc::implicit_commit,
                        "a statement of the block ended the transaction; what came before it may "
                        "be in force");
  failure_->effect = how == ending::committed ? side_effect::applied : side_effect::unknown;
  return *failure_;
}

task<result<statement_result>> transaction_core::execute(statement what, row_sink* rows) {
  const user mark{*this};
  if (!mark.entered()) co_return in_use();
  if (auto refused = refuse()) co_return std::move(*refused);
  if (auto refused = chain_refusal(what.sql)) co_return std::move(*refused);
  if (left_)
    if (auto ended = co_await end_left_rows(); !ended) co_return std::move(ended.error());
  auto done = co_await on_.execute(rt_, what, rows, terms_.until);
  if (!done) co_return note(std::move(done.error()));
  if (auto ended = check_still_open(what.sql)) co_return std::move(*ended);
  co_return done;
}

task<result<void>> transaction_core::script(std::string_view text) {
  const user mark{*this};
  if (!mark.entered()) co_return in_use();
  if (auto refused = refuse()) co_return std::move(*refused);
  if (left_)
    if (auto ended = co_await end_left_rows(); !ended) co_return std::move(ended.error());
  auto done = co_await on_.script(rt_, text, terms_.until);
  if (!done) co_return note(std::move(done.error()));
  if (auto ended = check_still_open({})) co_return std::move(*ended);
  co_return result<void>{};
}

task<result<std::uint64_t>> transaction_core::insert(std::string_view table,
                                                     std::span<const std::string_view> columns,
                                                     const make_row_source& rows) {
  const auto source = rows();
  bulk_insert plan{engine_, table, columns};
  if (auto bad = plan.problem()) co_return std::move(*bad);
  std::uint64_t inserted = 0;
  while (true) {
    auto more = plan.fill(*source);
    if (!more) co_return std::move(more.error());
    if (!*more) co_return inserted;
    const statement what{plan.text(), plan.parameters()};
    auto done = co_await execute(what, nullptr);
    if (!done) co_return std::move(done.error());
    inserted += done->rows_affected;
  }
}

/// Ends the innermost savepoint. If that fails, the whole transaction is dead.
task<result<void>> transaction_core::leave_savepoint(bool keep) {
  const std::uint32_t depth = depth_;
  if (!keep) {
    auto undone = co_await on_.rollback_to_savepoint(rt_, depth, terms_.until);
    if (!undone) {
      failure_ = std::move(undone.error());
      failure_->transaction_usable = false;
      co_return *failure_;
    }
  }
  auto left = co_await on_.release_savepoint(rt_, depth, terms_.until);
  if (left) co_return result<void>{};
  failure_ = std::move(left.error());
  failure_->transaction_usable = false;
  co_return *failure_;
}

task<block_end> transaction_core::savepoint(block& body) {
  if (auto refused = refuse()) co_return block_end{std::move(*refused), nullptr};
  {
    const user mark{*this};
    if (!mark.entered()) co_return block_end{in_use(), nullptr};
    if (auto ended = co_await end_left_rows(); !ended)
      co_return block_end{std::move(ended.error()), nullptr};
    auto made = co_await on_.savepoint(rt_, depth_ + 1, terms_.until);
    if (!made) co_return block_end{note(std::move(made.error())), nullptr};
  }
  ++depth_;
  block_end end;
  try {
    co_await body.run(*this);
  } catch (...) {
    end.thrown = std::current_exception();
  }
  cut_off_stream();
  if (left_) (void)co_await end_left_rows();
  if (!failure_) {
    const bool keep = !end.thrown && !inner_failure_;
    // An error that the callable swallowed still undid its part: say so instead of going on.
    if (!end.thrown && inner_failure_) end.outcome = *inner_failure_;
    inner_failure_.reset();
    auto left = co_await leave_savepoint(keep);
    if (!left && !end.thrown) end.outcome = std::move(left);
  } else if (!end.thrown) {
    end.outcome = again(*failure_);
  }
  --depth_;
  co_return end;
}

} // namespace holdfast::detail
