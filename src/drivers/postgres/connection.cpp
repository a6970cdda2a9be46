#include "drivers/postgres/connection.hpp"

#include <charconv>

namespace holdfast::drivers::postgres {
namespace {

std::string prefix_from(std::uint64_t seed) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), seed, 36);
  return "hf_" + std::string{digits.data(), end.ptr} + "_";
}

bool reported_on(const PGconn* c, const char* parameter) noexcept {
  const char* text = PQparameterStatus(c, parameter);
  return text && std::string_view{text} == "on";
}

} // namespace

connection::connection(pg_connection connected, const settings& s, canceller& cancels,
                       std::uint64_t seed)
    : wire_{std::move(connected)}, cancels_{cancels}, cache_{s.engine.statement_cache_size},
      peer_{peer_of(s)}, address_{PQhostaddr(wire_.raw())}, name_prefix_{prefix_from(seed)},
      names_statements_{s.engine.pooler == pooler_mode::none && s.engine.statement_cache_size > 0},
      shares_session_{s.engine.pooler == pooler_mode::transaction},
      settings_read_only_{s.engine.options.find("read_only") != std::string::npos} {}

[[gnu::hot]] std::optional<error> connection::refuse(runtime& rt, deadline until) {
  if (broken_ || wire_.raw() == nullptr) {
    situation before;
    before.when = phase::not_sent;
    return lost_error(wire_.last_words(), {}, before);
  }
  if (rt.cancelled()) return refusal(errc::cancelled, "cancelled before anything was sent");
  const duration left = until.remaining(rt.coarse_now());
  if (left <= duration::zero())
    return refusal(errc::deadline_exceeded, "the deadline passed before anything was sent");
  wire_.waits_itself(rt, left);
  return std::nullopt;
}

[[gnu::hot]] bool connection::block_open() const noexcept {
  return begins() || PQtransactionStatus(wire_.raw()) != PQTRANS_IDLE;
}

/// As `refuse`, for verbs that a block of one statement has no place for.
std::optional<error> connection::refuse_before_first(runtime& rt, deadline until) {
  if (begins())
    return refusal(errc::internal_error, "a block of one statement begins with an `execute`");
  return refuse(rt, until);
}

[[gnu::hot]] situation connection::situation_for(const sql_facts& facts) const noexcept {
  situation s;
  s.writes = facts.writes;
  s.in_block = block_open();
  s.ends_block = facts.controls_transaction && facts.writes;
  s.opened_read_only = read_only_block_ || settings_read_only_;
  return s;
}

/// Looked up in a list of libpq's: for errors only.
bool connection::says_read_only() const noexcept {
  return reported_on(wire_.raw(), "in_hot_standby") ||
         reported_on(wire_.raw(), "default_transaction_read_only");
}

error connection::lost(const situation& s) {
  broken_ = true;
  return lost_error(wire_.last_words(), PQerrorMessage(wire_.raw()), s);
}

error connection::stopped(wire_status status, const situation& s) {
  if (status == wire_status::lost) {
    // The server's last words may have come before the end of the stream.
    const auto r = wire_.take();
    const char* state = r ? PQresultErrorField(r.get(), PG_DIAG_SQLSTATE) : nullptr;
    broken_ = true;
    return state ? refused(r.get(), s) : lost(s);
  }
  broken_ = true;
  // A cancelled wait for synchronous replication would acknowledge an unreplicated commit.
  if (!s.committing && !s.ends_block) cancels_.cancel(wire_.raw());
  return unanswered_error(
      status == wire_status::cancelled ? wait_status::cancelled : wait_status::timed_out, s);
}

error connection::refused(const PGresult* r, const situation& s) {
  const auto reply = read_reply(r);
  if (reply.sqlstate.empty()) return lost(s); // libpq's own words: there was no reply
  situation known = s;
  known.server_is_standby = says_read_only() || (s.in_block && began_on_read_only_server_);
  error e = answered_error(reply, known);
  if (broken_) e.connection_usable = false;
  if (!e.connection_usable) broken_ = true;
  return e;
}

/// A server that has just become read-only refuses first and says so at the end of its answer.
error connection::with_the_latest(error e, const situation& s) {
  const bool told_late =
      e.code == errc::read_only_transaction && !s.opened_read_only && !broken_ && says_read_only();
  if (!told_late) return e;
  broken_ = true;
  return read_only_server_error(std::move(e));
}

/// PostgreSQL 13 does not say of itself that it is a standby. In a block it cannot be asked: there
/// the error stays what it is.
bool connection::must_ask_whether_read_only(const error& e, const situation& s) const noexcept {
  return e.code == errc::read_only_transaction && !s.in_block && !s.opened_read_only && !broken_ &&
         !PQparameterStatus(wire_.raw(), "in_hot_standby");
}

[[gnu::hot]] task<result<void>> connection::perform(runtime& rt, statement what, row_sink* rows,
                                                    statement_result& done, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  prepared_statement* s = cache_.find(what.sql);
  for (bool cached = s != nullptr;; cached = false, s = nullptr) {
    if (!s) {
      auto made = co_await prepare(rt, what.sql, classify(what.sql), until);
      if (!made) co_return std::move(made).error();
      s = *made;
    }
    situation now = situation_for(s->facts);
    now.used_cached = cached;
    const bool traced = rides(s->facts);
    const bool begun = begins();
    if (auto sent = start(*s, what, now); !sent) {
      if (!cached || !blames_parameters(sent.error())) co_return std::move(sent).error();
      cache_.doom(what.sql); // its columns may have other types by now: described anew, once
      continue;
    }
    if (begun)
      if (auto open = co_await take_begun(rt, now, until); !open) co_return std::move(open).error();
    const bool drops = s->facts.drops_statements;
    const receiving to{rows, s->shape.types.empty() ? nullptr : &s->shape, !s->name.empty()};
    reception got;
    result<void> ended;
    auto next = cached && !begun ? wire_.first_answer() : wire::need::nothing;
    if (next == wire::need::nothing) next = take_in(rt, to, got, now, until);
    if (wire::is_wait(next)) {
      auto waited = co_await receive(rt, to, got, now, until);
      ended = std::move(waited);
    } else {
      ended = conclude(next == wire::need::lost ? wire_status::lost : wire_status::ok, got, now);
    }
    if ((traced || begun) && !broken_) {
      auto named = co_await take_id(rt, now, until);
      if (ended && !named) ended = std::move(named);
    }
    if (drops) forget_statements(); // `s` is gone from here
    if (ended) {
      done = got.done;
      co_return ended;
    }
    auto again = co_await mend(rt, std::move(ended).error(), what.sql, now, until);
    if (!again) co_return std::move(again).error();
  }
}

/// After a failure: nothing if the statement is to be prepared anew, else what the caller is told.
task<result<void>> connection::mend(runtime& rt, error failure, std::string_view sql, situation now,
                                    deadline until) {
  failure = with_the_latest(std::move(failure), now);
  const bool stale = now.used_cached && means_stale_statement(failure.native_code);
  if (stale && !broken_) cache_.doom(sql);
  if (stale && !broken_ && !now.in_block) co_return result<void>{};
  if (!stale && must_ask_whether_read_only(failure, now)) {
    const auto asked = co_await server_is_read_only(rt, until);
    if (asked && *asked) co_return read_only_server_error(std::move(failure));
  }
  co_return failure;
}

/// The server has no statement of ours any more.
void connection::forget_statements() noexcept {
  cache_.forget_all();
  witness_.id_is_prepared = false;
}

[[gnu::hot]] result<void> connection::start(const prepared_statement& s, const statement& what,
                                            situation& now) {
  if (auto fits = parameters_.encode(what.parameters, s.parameter_types); !fits) return fits;
  // The one moment at which a dead connection proves that a write was never sent.
  if (now.writes && (!now.in_block || begins()) && wire_.gone()) {
    now.when = phase::not_sent;
    return lost(now);
  }
  if (witness_.follows) witness_.wrote = witness_.wrote || s.facts.writes;
  const bool traced = rides(s.facts);
  witness_.unsure = witness_.unsure || !traced;
  const auto begin = std::exchange(unsent_begin_, {});
  const bool pipelined = traced || !begin.empty();
  if (pipelined && !PQenterPipelineMode(wire_.raw())) return lost(now);
  if (!begin.empty())
    PQsendQueryParams(wire_.raw(), begin.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
  if (auto sent = send(s, now); !sent) return sent;
  dirty_ = dirty_ || s.facts.dirties;
  if (traced) return ask_for_id();
  if (pipelined && !PQpipelineSync(wire_.raw())) return lost(now);
  return {};
}

[[gnu::hot]] result<void> connection::send(const prepared_statement& s, situation& now) {
  const int format = s.shape.binary ? 1 : 0;
  const auto& p = parameters_;
  const int sent =
      s.name.empty()
          ? PQsendQueryParams(wire_.raw(), s.sql.c_str(), p.count(), s.parameter_types.data(),
                              p.values(), p.lengths(), p.formats(), format)
          : PQsendQueryPrepared(wire_.raw(), s.name.c_str(), p.count(), p.values(), p.lengths(),
                                p.formats(), format);
  if (sent == 1) return {};
  // The end of the message never left, and without it the server does nothing.
  now.when = phase::not_sent;
  return lost(now);
}

[[gnu::hot]] bool connection::dirty() const noexcept {
  return dirty_ || (wire_.raw() && block_open());
}

[[gnu::hot]] transaction_status connection::in_transaction() const noexcept {
  if (!wire_.raw()) return transaction_status::unknown;
  if (begins()) return transaction_status::open;
  switch (PQtransactionStatus(wire_.raw())) {
  case PQTRANS_IDLE: return transaction_status::none;
  case PQTRANS_INTRANS: return transaction_status::open;
  case PQTRANS_INERROR: return transaction_status::failed;
  default: return transaction_status::unknown;
  }
}

void connection::close() noexcept {
  broken_ = true;
  wire_.close();
}

task<result<bool>> connection::server_is_read_only(runtime& rt, deadline until) {
  if (PQparameterStatus(wire_.raw(), "in_hot_standby")) co_return says_read_only();
  struct single_cell final : row_sink {
    void columns(std::span<const column>) override {}
    result<void> row(std::span<value> cells) override {
      if (const auto* b = std::get_if<bool>(&cells.front())) says_so = *b;
      return {};
    }
    bool says_so = false;
  } answer;
  statement ask;
  ask.sql = "select pg_is_in_recovery() or current_setting('transaction_read_only')::bool";
  const auto asked = co_await execute(rt, ask, &answer, until);
  if (!asked) co_return asked.error();
  co_return answer.says_so;
}

} // namespace holdfast::drivers::postgres
