#include "database/transaction_stream.hpp"

namespace holdfast::detail {

namespace {

error stream_cut_off() {
  return make_error(
      errc::transaction_finished,
      "the transaction or savepoint of this stream has ended, and the stream with it");
}

} // namespace

transaction_stream::~transaction_stream() {
  if (!tx_) return;
  auto& tx = *tx_;
  tx.left_ = leave();
}

std::unique_ptr<open_rows> transaction_stream::leave() noexcept {
  tx_->stream_ = nullptr;
  tx_ = nullptr;
  return std::move(rows_);
}

task<result<bool>> transaction_stream::fetch(runtime&, row_sink& rows) {
  if (!tx_) co_return stream_cut_off();
  co_return co_await tx_->fetch(*this, rows);
}

task<result<void>> transaction_stream::close(runtime&) {
  if (!tx_) co_return result<void>{};
  co_return co_await tx_->end_rows(*this);
}

task<result<stream_ptr>> transaction_core::open_stream(statement what, row_sink& first) {
  auto rows = std::make_unique<open_rows>(what);
  {
    const user mark{*this};
    if (!mark.entered()) co_return in_use();
    if (auto refused = refuse()) co_return std::move(*refused);
    if (auto ended = co_await end_left_rows(); !ended) co_return std::move(ended.error());
    const statement own{rows->text, rows->parameters};
    auto opened = co_await on_.open_rows(rt_, own, terms_.until);
    if (!opened) co_return note(std::move(opened.error()));
    rows->cursor = std::move(*opened);
  }
  stream_ptr made = std::make_unique<transaction_stream>(*this, std::move(rows));
  auto more = co_await made->fetch(rt_, first);
  if (!more) co_return std::move(more.error());
  if (!*more) made.reset();
  co_return made;
}

task<result<bool>> transaction_core::fetch(transaction_stream& from, row_sink& rows) {
  const user mark{*this};
  if (!mark.entered()) co_return in_use();
  auto more = co_await from.rows_->cursor->fetch(rt_, rows, terms_.until);
  if (more && *more) co_return true;
  const auto ended = from.leave();
  if (!more) co_return note(std::move(more.error()));
  if (auto over = check_still_open(ended->text)) co_return std::move(*over);
  co_return false;
}

task<result<void>> transaction_core::end_rows(transaction_stream& from) {
  const user mark{*this};
  if (!mark.entered()) co_return in_use();
  left_ = from.leave();
  co_return co_await end_left_rows();
}

void transaction_core::cut_off_stream() noexcept {
  if (stream_) left_ = stream_->leave();
}

/// Rows that were left unread stand before whatever is asked next.
task<result<void>> transaction_core::end_left_rows() {
  if (!left_) co_return result<void>{};
  const auto rows = std::move(left_);
  auto ended = co_await rows->cursor->close(rt_, terms_.until);
  if (!ended) co_return note(std::move(ended.error()));
  co_return ended;
}

task<void> transaction_core::finish() {
  finished_ = true;
  cut_off_stream();
  if (left_) (void)co_await end_left_rows();
}

} // namespace holdfast::detail
