// Rows by and by: libpq hands out each row as it comes, and the socket holds the server back.
#include "drivers/postgres/cursor.hpp"

namespace holdfast::drivers::postgres {

connection::cursor::cursor(connection& on, const prepared_statement& s, const statement& what,
                           situation now)
    : on_{on}, what_{what}, to_{nullptr, s.shape.types.empty() ? nullptr : &s.shape}, now_{now},
      drops_statements_{s.facts.drops_statements} {
  got_.patient = now.in_block; // giving the connection up would undo the whole block
}

connection::cursor::~cursor() {
  if (!ended_) on_.broken_ = true;
}

task<result<bool>> connection::cursor::fetch(runtime& rt, row_sink& rows, deadline until) {
  if (ended_) co_return false;
  to_.rows = &rows;
  for (std::uint32_t given = 0; given < what_.fetch_size || given == 0;) {
    auto status = wire_status::ok;
    if (!on_.wire_.is_ready()) {
      // What libpq has read already is the batch: that bounds its bytes, too.
      if (given > 0 && !got_.failure) co_return true;
      status = co_await on_.wire_.ready(rt, until);
    }
    if (status != wire_status::ok) co_return cut_short(on_.stopped(status, now_));
    const auto r = on_.wire_.take();
    if (!r) co_return finish();
    if (!on_.accept(r.get(), to_, got_, now_)) co_return finish();
    if (PQresultStatus(r.get()) == PGRES_SINGLE_TUPLE) ++given;
  }
  co_return true;
}

error connection::cursor::cut_short(error e) {
  if (!got_.failure) return fail(std::move(e));
  got_.unfinished = true; // what was known before counts for more
  return fail(on_.failed_after(got_, now_));
}

error connection::cursor::fail(error e) {
  ended_ = true;
  if (now_.used_cached && means_stale_statement(e.native_code) && !on_.broken_)
    on_.cache_.doom(what_.sql);
  return e;
}

/// The protocol is through, or was left.
result<bool> connection::cursor::finish() {
  ended_ = true;
  on_.wire_.drop_notifications();
  if (drops_statements_) on_.forget_statements();
  if (!got_.failure) return false;
  return fail(on_.failed_after(got_, now_));
}

task<result<void>> connection::cursor::close(runtime& rt, deadline until) {
  if (ended_) co_return result<void>{};
  if (!got_.failure) {
    got_.failure = make_error(errc::cancelled, "the rows were wanted no more");
    got_.from_sink = true;
  }
  auto left = co_await on_.receive(rt, to_, got_, now_, until);
  ended_ = true;
  if (drops_statements_) on_.forget_statements();
  if (left || left.error().connection_usable) co_return result<void>{};
  co_return left;
}

task<result<cursor_ptr>> connection::open_rows(runtime& rt, statement what, deadline until) {
  if (auto no = refuse_before_first(rt, until)) co_return std::move(*no);
  prepared_statement* s = cache_.find(what.sql);
  const bool cached = s != nullptr;
  if (!s) {
    auto made = co_await prepare(rt, what.sql, classify(what.sql), until);
    if (!made) co_return std::move(made).error();
    s = *made;
  }
  situation now = situation_for(s->facts);
  now.used_cached = cached;
  const transaction_witness::pause no_ride{witness_}; // rows come one by one: no pipeline
  if (auto sent = start(*s, what, now); !sent) {
    if (cached && blames_parameters(sent.error())) cache_.doom(what.sql); // for the next time
    co_return std::move(sent).error();
  }
  if (!s->shape.types.empty()) PQsetSingleRowMode(wire_.raw());
  cursor_ptr opened = std::make_unique<cursor>(*this, *s, what, now);
  co_return opened;
}

} // namespace holdfast::drivers::postgres
