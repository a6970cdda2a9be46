// The journal's file, and the journal that users hold.
#include "database/journal_core.hpp"
#include "database/value_codec.hpp"

#include <holdfast/journal.hpp>
#include <holdfast/sqlite.hpp>
#include <holdfast/thread_runtime.hpp>

#include <chrono>

namespace holdfast {

namespace detail {
namespace {

constexpr std::string_view make_table = R"(
create table if not exists holdfast_journal(
  id         integer primary key autoincrement,
  key        text not null unique,
  sql        text not null,
  parameters blob not null,
  queued_at  integer not null,
  refused    text
);
create index if not exists holdfast_journal_refused on holdfast_journal(id) where refused is not null;
)";

/// One statement each, so each is atomic; synchronous=FULL, so what is acknowledged stays.
class sqlite_store final : public journal_store {
public:
  explicit sqlite_store(database file) : file_{std::move(file)} {}

  task<result<journal_totals>> totals(runtime& rt) override {
    typed_rows<journal_totals> rows;
    auto asked = ask(rt, rows,
                     "select count(*) filter (where refused is null), "
                     "coalesce(sum(length(cast(key as blob)) + length(cast(sql as blob)) + "
                     "length(parameters)) filter (where refused is null), 0), "
                     "coalesce(min(queued_at) filter (where refused is null), 0), "
                     "count(refused) from holdfast_journal",
                     {});
    auto done = co_await std::move(asked);
    if (!done) co_return std::move(done.error());
    auto found = rows.take();
    if (!found) co_return std::move(found.error());
    co_return found->front();
  }

  task<result<appended>> append(runtime& rt, const journal_entry& e) override {
    const auto row = to_parameters(e.key, e.text, e.parameters, e.queued_at);
    auto put = change(rt,
                      "insert into holdfast_journal(key, sql, parameters, queued_at) "
                      "values (?1, ?2, ?3, ?4)",
                      row);
    auto done = co_await std::move(put);
    if (done) co_return appended::added;
    if (done.error().code != errc::unique_violation) co_return std::move(done.error());
    const auto same = to_parameters(e.key, e.text, e.parameters);
    typed_rows<std::tuple<std::int64_t, std::int64_t>> rows;
    auto asked = ask(rt, rows,
                     "select sql = ?2 and parameters = ?3, refused is not null "
                     "from holdfast_journal where key = ?1",
                     same);
    auto told = co_await std::move(asked);
    if (!told) co_return std::move(told.error());
    auto found = rows.take();
    if (!found) co_return std::move(found.error());
    if (found->empty()) co_return appended::known; // drained in between
    const auto [is_same, is_refused] = found->front();
    if (is_refused) co_return appended::refused;
    if (is_same) co_return appended::known;
    co_return appended::reused;
  }

  task<result<std::optional<journal_entry>>> front(runtime& rt) override {
    typed_rows<journal_entry> rows;
    auto asked = ask(rt, rows,
                     "select id, key, sql, parameters, queued_at from holdfast_journal "
                     "where refused is null order by id limit 1",
                     {});
    auto done = co_await std::move(asked);
    if (!done) co_return std::move(done.error());
    auto found = rows.take();
    if (!found) co_return std::move(found.error());
    if (found->empty()) co_return std::optional<journal_entry>{};
    co_return std::optional<journal_entry>{std::move(found->front())};
  }

  task<result<void>> remove(runtime& rt, std::int64_t id) override {
    const auto which = to_parameters(id);
    auto gone = change(rt, "delete from holdfast_journal where id = ?1", which);
    auto done = co_await std::move(gone);
    if (!done) co_return std::move(done.error());
    co_return result<void>{};
  }

  task<result<void>> put_aside(runtime& rt, std::int64_t id, std::string why) override {
    const auto which = to_parameters(id, why);
    auto kept = change(rt, "update holdfast_journal set refused = ?2 where id = ?1", which);
    auto done = co_await std::move(kept);
    if (!done) co_return std::move(done.error());
    co_return result<void>{};
  }

  task<result<std::vector<refused_entry>>> refused(runtime& rt) override {
    typed_rows<refused_entry> rows;
    auto asked = ask(rt, rows,
                     "select key, sql, parameters, queued_at, refused from holdfast_journal "
                     "where refused is not null order by id",
                     {});
    auto done = co_await std::move(asked);
    if (!done) co_return std::move(done.error());
    co_return rows.take();
  }

  task<result<bool>> forget(runtime& rt, std::string key) override {
    const auto which = to_parameters(key);
    auto gone =
        change(rt, "delete from holdfast_journal where key = ?1 and refused is not null", which);
    auto done = co_await std::move(gone);
    if (!done) co_return std::move(done.error());
    co_return done->rows_affected > 0;
  }

private:
  // Each may be given twice: `append` tells by the key what became of the first.
  static constexpr call_options how{.idempotent = true, .name = "journal.file"};

  task<result<statement_result>> ask(runtime& rt, row_sink& rows, std::string_view text,
                                     std::span<const value> parameters) {
    const statement what{text, parameters};
    auto done = co_await file_.core()->execute(rt, what, &rows, how, here());
    co_return done;
  }
  task<result<statement_result>> change(runtime& rt, std::string_view text,
                                        std::span<const value> parameters) {
    const statement what{text, parameters};
    auto done = co_await file_.core()->execute(rt, what, nullptr, how, here());
    co_return done;
  }
  static std::source_location here() noexcept { return std::source_location::current(); }

  database file_;
};

std::int64_t wall_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

database open_file(const std::string& path) {
  database_options o;
  o.name = "journal";
  o.pool.min_size = 1;
  o.pool.max_size = 1;
  o.pool.idle_timeout.reset();
  o.pool.max_lifetime.reset();
  o.deadline = std::chrono::seconds{5};
  o.health.interval.reset();
  o.log.enabled = false;
  o.metrics.enabled = false;
  o.sqlite.synchronous = sqlite_synchronous::full;
  o.after_connect = "pragma locking_mode = exclusive"; // two drains would break the order
  database file = sqlite::connect(path, o);
  file.script(make_table);
  return file;
}

void check_journal(const database& target, const journal_options& o) {
  std::string wrong;
  if (o.file.empty() || o.file == ":memory:")
    wrong = "journal.file: given none; takes the path of a file that outlives the program";
  else if (o.max_queued == 0 || o.max_bytes == 0)
    wrong = "journal.max_queued, journal.max_bytes: given 0; take counts above zero";
  else if (o.max_age <= duration::zero() ||
           o.max_age >= target.core()->options().operation_keys.retention)
    wrong = "journal.max_age: takes a time above zero and below operation_keys.retention: only as "
            "long can a key tell whether its write took effect";
  if (!wrong.empty()) throw_error(make_error(errc::invalid_configuration, std::move(wrong)));
}

} // namespace
} // namespace detail

struct journal::state {
  database target;
  std::shared_ptr<detail::journal_core> core;

  ~state() {
    thread_runtime rt{&target.core()->background()};
    (void)run_inline(core->stop(rt, deadline::after(rt.now(), std::chrono::seconds{5})));
  }
};

journal::journal(database target, journal_options options) {
  detail::check_journal(target, options);
  auto store = std::make_unique<detail::sqlite_store>(detail::open_file(options.file));
  auto core = std::make_shared<detail::journal_core>(*target.core(), std::move(store),
                                                     std::move(options), detail::wall_milliseconds);
  thread_runtime rt{&target.core()->background()};
  run_inline(core->open(rt)).value();
  target.core()->add_journal([weak = std::weak_ptr{core}]() -> std::optional<journal_status> {
    const auto alive = weak.lock();
    if (!alive || alive->stopped()) return std::nullopt;
    return alive->status();
  });
  state_ = std::make_unique<state>(std::move(target), std::move(core));
}

journal::~journal() = default;
journal::journal(journal&&) noexcept = default;
journal& journal::operator=(journal&&) noexcept = default;

result<journaled> journal::run(std::string_view key, const sql& text,
                               std::span<const value> parameters) {
  thread_runtime rt{&state_->target.core()->background()};
  const statement what{text.text, parameters};
  return run_inline(state_->core->execute(rt, key, what, text.caller));
}

journal_status journal::status() const { return state_->core->status(); }

bool journal::drain(duration limit) {
  thread_runtime rt{&state_->target.core()->background()};
  return run_inline(state_->core->wait_until_empty(rt, deadline::after(rt.now(), limit)));
}

std::vector<refused_write> journal::refused() const {
  thread_runtime rt{&state_->target.core()->background()};
  auto found = run_inline(state_->core->store().refused(rt)).value();
  std::vector<refused_write> out;
  for (auto& each : found) {
    auto parameters = detail::decode_values(each.parameters).value();
    out.push_back({std::move(each.key), std::move(each.text), std::move(parameters),
                   timestamp{std::chrono::milliseconds{each.queued_at}}, std::move(each.why)});
  }
  return out;
}

bool journal::forget_refused(std::string_view operation_key) {
  thread_runtime rt{&state_->target.core()->background()};
  const bool gone =
      run_inline(state_->core->store().forget(rt, std::string{operation_key})).value();
  if (gone) state_->core->forgot_one();
  return gone;
}

} // namespace holdfast
