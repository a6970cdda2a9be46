#include "sim/stack/fake_engine.hpp"

#include <chrono>

namespace holdfast::testing {

using namespace std::chrono_literals;
using drivers::transaction_status;

namespace {

constexpr std::string_view claims = "INSERT KEY";
constexpr std::string_view tombstones = "INSERT TOMBSTONE";

const std::string& text_of(const value& v) { return std::get<std::string>(v); }

value text_or_null(const std::optional<std::string>& text) {
  return text ? value{*text} : value{null_t{}};
}

bool inserts_key(std::string_view sql) { return sql == claims || sql == tombstones; }

} // namespace

void fake_store::rejoin(const std::shared_ptr<fake_store>& old,
                        const std::shared_ptr<fake_store>& successor) {
  old->stop();
  old->followers.clear();
  old->balances = successor->balances;
  old->marks = successor->marks;
  old->operations = successor->operations;
  successor->followers.clear();
  successor->follow_with(old);
}

std::int64_t fake_store::total() const {
  std::int64_t sum = 0;
  for (const auto& [account, balance] : balances) sum += balance;
  return sum;
}

std::int64_t fake_store::seconds() const {
  return std::chrono::floor<std::chrono::seconds>(world.now().time_since_epoch()).count();
}

std::optional<duration> fake_store::strikes(mishap what, const runtime& whose) {
  if (script) return script->strikes(what, whose);
  const auto by_rate = [this](std::uint32_t one_in) {
    return happens(one_in) ? std::optional{duration::zero()} : std::nullopt;
  };
  switch (what) {
  case mishap::lost: return by_rate(rates.lost);
  case mishap::late: return by_rate(rates.late);
  case mishap::conflict: return by_rate(rates.conflict);
  case mishap::stall: break;
  }
  if (!happens(rates.stall)) return std::nullopt;
  return world.random() % 3 == 0 ? duration{1h} : some(800ms);
}

void fake_store::apply(const changes& c) {
  ++applied;
  for (const auto& [account, amount] : c.money) balances[account] += amount;
  for (const std::string& mark : c.marks) ++marks[mark];
  for (const auto& [key, row] : c.keys) operations[key] = row;
  ++position;
  for (const auto& f : followers) {
    const auto replay = [f, c, of = history, to = position] {
      if (f->role != host_role::replica || f->history != of) return; // it has left
      f->apply(c);
      f->position = to;
    };
    if (lag == duration::zero())
      replay();
    else
      world.at(world.now() + lag, replay);
  }
}

void fake_store::promote(const fake_store& from) {
  role = host_role::primary;
  history = from.history + 1;
}

void fake_store::follow_with(const std::shared_ptr<fake_store>& follower) {
  follower->role = host_role::replica;
  follower->history = history;
  follower->position = position;
  followers.push_back(follower);
}

void fake_store::let_go(std::uint64_t session) {
  std::erase_if(claimed, [session](const auto& claim) { return claim.second == session; });
}

void fake_store::stop() {
  up = false;
  ++starts;
  claimed.clear();
  for (auto& [id, t] : transactions)
    if (t.what != fate::committed) t.what = fate::undone;
}

fake_connection::fake_connection(std::shared_ptr<fake_store> store)
    : store_{std::move(store)}, id_{++store_->sessions}, start_{store_->starts},
      demotion_{store_->demotions}, told_{store_->role} {
  ++store_->open;
  store_->entered[id_] = store_->credential;
}

void fake_connection::close() noexcept {
  if (closed_) return;
  closed_ = true;
  broken_ = true;
  --store_->open;
  store_->entered.erase(id_);
  end_transaction(false);
}

void fake_connection::end_transaction(bool keep) {
  if (keep) store_->apply(changes_);
  const auto named = store_->transactions.find(named_);
  if (named != store_->transactions.end() && named->second.what == fate::open)
    named->second.what = keep ? fate::committed : fate::undone;
  changes_ = {};
  status_ = transaction_status::none;
  store_->let_go(id_);
}

/// The server notices at once that its client is gone.
error fake_connection::broken(errc code, std::string message) {
  broken_ = true;
  condemned_ = true;
  end_transaction(false);
  error e = make_error(code, std::move(message));
  e.when = phase::sent;
  e.connection_usable = false;
  e.transaction_usable = false;
  return e;
}

error fake_connection::failed_statement(errc code, std::string message) {
  error e = make_error(code, std::move(message));
  e.when = phase::answered;
  e.transaction_usable = status_ == transaction_status::none;
  if (status_ == transaction_status::open) status_ = transaction_status::failed;
  return e;
}

task<result<void>> fake_connection::travel(runtime& rt, deadline until) {
  if (condemned_ || travelling_) ++store_->misused;
  if (gone()) co_return broken(errc::connection_lost, "the connection is gone");
  const duration usual = 50us + store_->some(1ms);
  duration takes = store_->strikes(mishap::stall, rt).value_or(usual);
  if (store_->slow_once > 0s) takes = std::exchange(store_->slow_once, 0s);
  const auto arrives = rt.now() + takes;
  travelling_ = true;
  const wait_status slept = co_await rt.sleep_until(std::min(arrives, until.at()));
  travelling_ = false;
  if (slept == wait_status::cancelled) co_return broken(errc::cancelled, "cancelled");
  if (gone()) co_return broken(errc::connection_lost, "the server went away");
  if (arrives >= until.at()) co_return broken(errc::deadline_exceeded, "no reply in time");
  if (store_->strikes(mishap::lost, rt))
    co_return broken(errc::connection_lost, "the connection broke");
  told_ = store_->role;
  co_return result<void>{};
}

/// By the server's word; the connection is of no use to whoever wants to write.
error fake_connection::read_only() {
  ++store_->refused[id_];
  end_transaction(false);
  auto e = make_error(errc::read_only_server, "the server takes no writes");
  e.when = phase::answered;
  e.connection_usable = false;
  e.transaction_usable = false;
  return e;
}

task<result<drivers::server_state>> fake_connection::examine(runtime& rt, deadline until) {
  auto there = co_await travel(rt, until);
  if (!there) co_return std::move(there.error());
  drivers::server_state s{store_->role, store_->history, store_->position};
  auto back = co_await travel(rt, until);
  if (!back) co_return std::move(back.error());
  co_return s;
}

task<result<void>> fake_connection::round_trip(runtime& rt, deadline until) {
  auto there = co_await travel(rt, until);
  if (!there) co_return there;
  co_return co_await travel(rt, until);
}

task<result<void>> fake_connection::work(runtime& rt, deadline until) {
  if (store_->capacity == 0) co_return result<void>{};
  const std::uint32_t crowd = ++store_->working;
  const duration alone = 9ms + store_->some(2ms);
  const duration takes = std::max(alone, alone * crowd / store_->capacity);
  const auto ends = std::min(rt.now() + takes, until.at());
  const wait_status slept = co_await rt.sleep_until(ends);
  --store_->working;
  if (slept == wait_status::cancelled) co_return broken(errc::cancelled, "cancelled");
  if (until.expired(rt.now())) co_return broken(errc::deadline_exceeded, "still working");
  co_return result<void>{};
}

task<result<void>> fake_connection::wait_for_claim(runtime& rt, std::string key, deadline until) {
  while (store_->claimed.contains(key) && store_->claimed.at(key) != id_) {
    const auto next = std::min(rt.now() + 1ms, until.at());
    const wait_status slept = co_await rt.sleep_until(next);
    if (slept == wait_status::cancelled) co_return broken(errc::cancelled, "cancelled");
    if (gone()) co_return broken(errc::connection_lost, "the server went away");
    if (until.expired(rt.now())) co_return broken(errc::deadline_exceeded, "waited for a lock");
  }
  co_return result<void>{};
}

task<result<void>> fake_connection::perform(runtime& rt, statement what, row_sink* rows,
                                            statement_result& done, deadline until) {
  const bool counts = !what.sql.starts_with("SELECT") && status_ == transaction_status::none;
  const bool was_gone = gone();
  auto arrived = co_await travel(rt, until);
  if (arrived && inserts_key(what.sql))
    arrived = co_await wait_for_claim(rt, text_of(what.parameters[0]), until);
  if (arrived) arrived = co_await work(rt, until);
  if (!arrived) {
    if (was_gone)
      arrived.error().when = phase::not_sent;
    else if (counts)
      arrived.error().effect = side_effect::unknown;
    co_return std::move(arrived.error());
  }
  auto ran = run(rt, what, rows);
  auto answered = co_await travel(rt, until);
  if (answered && !ran && !ran.error().connection_usable) broken_ = condemned_ = true;
  if (answered && !ran) co_return std::move(ran.error());
  if (answered) {
    done = *ran;
    co_return answered;
  }
  if (counts) answered.error().effect = side_effect::unknown;
  co_return std::move(answered.error());
}

result<statement_result> fake_connection::run(runtime& rt, const statement& what, row_sink* rows) {
  if (status_ == transaction_status::failed)
    return failed_statement(errc::transaction_failed, "the transaction has failed");
  if (store_->strikes(mishap::conflict, rt))
    return failed_statement(errc::serialization_failure, "could not serialize access");
  if (what.sql.starts_with("SELECT")) return select(what, rows);
  if (demoted()) return failed_statement(errc::read_only_server, "this server was demoted");
  if (store_->role != host_role::primary) return read_only();
  if (inserts_key(what.sql)) return insert_key(what);
  if (what.sql == "DELETE KEYS") return delete_keys(what);
  if (what.sql == "UPDATE MONEY") {
    changes_.money[std::get<std::int64_t>(what.parameters[0])] +=
        std::get<std::int64_t>(what.parameters[1]);
  } else if (what.sql == "INSERT MARK") {
    changes_.marks.push_back(text_of(what.parameters[0]));
  } else if (what.sql == "UPDATE KEY") {
    const auto row = changes_.keys.find(text_of(what.parameters[1]));
    if (row == changes_.keys.end()) return statement_result{0};
    row->second.result = text_of(what.parameters[0]);
  } else {
    return failed_statement(errc::syntax_error, "the fake engine does not know this statement");
  }
  if (status_ == transaction_status::none) end_transaction(true);
  return statement_result{1};
}

result<statement_result> fake_connection::insert_key(const statement& what) {
  const std::string key = text_of(what.parameters[0]);
  if (store_->operations.contains(key) || store_->claimed.contains(key))
    return failed_statement(errc::unique_violation, "duplicate key");
  operation_row row{.tombstone = what.sql == tombstones, .created = store_->seconds()};
  if (!row.tombstone) row.fingerprint = text_of(what.parameters[1]);
  changes_.keys[key] = row;
  store_->claimed[key] = id_;
  if (status_ == transaction_status::none) end_transaction(true);
  return statement_result{1};
}

statement_result fake_connection::delete_keys(const statement& what) {
  const std::int64_t now = store_->seconds();
  const std::int64_t age = std::get<std::int64_t>(what.parameters[0]);
  std::int64_t left = std::get<std::int64_t>(what.parameters[1]);
  const auto goes = [&](const auto& entry) {
    const std::int64_t created = entry.second.created;
    if (created >= now - age || left == 0) return false;
    --left;
    store_->low_water = std::max(store_->low_water.value_or(created), created);
    auto& youngest = store_->youngest_deleted;
    youngest = youngest < 0 ? now - created : std::min(youngest, now - created);
    return true;
  };
  return statement_result{std::erase_if(store_->operations, goes)};
}

result<statement_result> fake_connection::select(const statement& what, row_sink* rows) {
  std::vector<column> columns{{"value", value_type::integer, "int8"}};
  std::vector<std::vector<value>> found;
  if (what.sql == "SELECT TOTAL") {
    ++store_->reads;
    found.push_back({value{store_->total()}});
  } else if (what.sql == "SELECT TABLE") {
    if (store_->table) found.push_back({value{std::int64_t{1}}});
  } else if (what.sql == "SELECT MARK") {
    if (store_->low_water) found.push_back({value{*store_->low_water}});
  } else if (what.sql == "SELECT KEY") {
    columns = {{"fingerprint", value_type::text, "text"},
               {"result", value_type::text, "text"},
               {"tombstone", value_type::boolean, "bool"}};
    const auto row = store_->operations.find(text_of(what.parameters[0]));
    if (row != store_->operations.end())
      found.push_back({text_or_null(row->second.fingerprint), text_or_null(row->second.result),
                       value{row->second.tombstone}});
  }
  if (rows) rows->columns(columns);
  for (auto& cells : found) {
    if (!rows) break;
    auto taken = rows->row(cells);
    if (!taken) return std::move(taken.error());
  }
  return statement_result{found.size()};
}

namespace {

/// Computed at once; each row travels by itself.
class fake_cursor final : public drivers::row_cursor, row_sink {
public:
  void columns(std::span<const column> cols) override { columns_.assign(cols.begin(), cols.end()); }
  result<void> row(std::span<value> cells) override {
    rows_.emplace_back(cells.begin(), cells.end());
    return {};
  }
  [[nodiscard]] row_sink& collector() noexcept { return *this; }

  task<result<bool>> fetch(runtime&, row_sink& rows, deadline) override {
    if (at_ == 0) rows.columns(columns_);
    if (at_ == rows_.size()) co_return false;
    auto taken = rows.row(rows_[at_++]);
    if (!taken) co_return std::move(taken.error());
    co_return true;
  }
  task<result<void>> close(runtime&, deadline) override { co_return result<void>{}; }

private:
  std::vector<column> columns_;
  std::vector<std::vector<value>> rows_;
  std::size_t at_ = 0;
};

} // namespace

task<result<drivers::cursor_ptr>> fake_connection::open_rows(runtime& rt, statement what,
                                                             deadline until) {
  auto made = std::make_unique<fake_cursor>();
  auto done = co_await execute(rt, what, &made->collector(), until);
  if (!done) co_return std::move(done.error());
  drivers::cursor_ptr opened = std::move(made);
  co_return opened;
}

task<result<void>> fake_connection::script(runtime& rt, std::string_view sql, deadline until) {
  auto arrived = co_await travel(rt, until);
  if (arrived) {
    if (sql == "CREATE KEYS") store_->table = true;
    arrived = co_await travel(rt, until);
  }
  if (!arrived) arrived.error().effect = side_effect::unknown;
  co_return arrived;
}

} // namespace holdfast::testing
