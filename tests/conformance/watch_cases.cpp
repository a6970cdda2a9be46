// What is told of it all: health, status, metrics, events, and never a password.
#include "conformance/suite.hpp"

#include <holdfast/config.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

namespace holdfast::conformance {

namespace {

void health_and_status(trial& t) {
  auto db = t.open();
  for (int i = 0; i < 10; ++i) (void)db.query_value<long>("select 1");
  (void)db.try_execute("select * from no_such_table");
  const health_report h = db.health();
  t.demand(h.status == health::healthy, "its health is {}: {}", to_string(h.status),
           fmt::join(h.reasons, ", "));
  t.demand(h.latency > 0ns, "no round trip was made");
  const database_status s = db.status();
  t.demand(s.operations == 11 && s.failures == 1 && s.retries == 0,
           "{} operations, {} failures, {} retries instead of 11, 1, 0", s.operations, s.failures,
           s.retries);
  t.demand(s.hosts.size() == 1 && s.hosts[0].up && !s.hosts[0].host.empty() && !s.engine.empty(),
           "the host is not told");
  const auto& p = s.hosts[0].pool;
  t.demand(p.in_use == 0 && p.idle >= 1 && p.idle <= p.max_size, "{} in use, {} idle", p.in_use,
           p.idle);
  const std::string text = prometheus_text({&db});
  for (const char* family : {"db_client_connection_count", "db_client_operation_duration_seconds"})
    t.demand(text.find(family) != std::string::npos, "there is no {}", family);
}

void health_of_an_outage(trial& t) {
  auto o = one_connection();
  o.retry.on_outage = on_outage::fail_fast;
  auto db = t.open(t.by_door(), o);
  t.demand(db.health().status == health::healthy, "unhealthy before it");
  t.door().stop();
  t.demand(soon([&] { return db.health().status == health::unhealthy; }), "told as healthy in it");
  const auto h = db.health();
  t.demand(!h.reasons.empty(), "no reason is told");
  (void)db.try_query_value<long>("select 1");
  t.demand(soon([&] { return !db.status().hosts.at(0).up; }), "told as up in it");
  t.demand(!db.status().hosts.at(0).last_error.empty(), "no error is told");
  t.door().heal();
  t.demand(soon([&] { return db.health().status == health::healthy; }), "unhealthy after it");
  t.demand(db.recent_events().count(event_kind::host_up) >= 1, "its end is no event");
}

std::string everything(const error& e) {
  std::string text = to_string(e) + e.message + e.native_message + e.outcome_token +
                     e.where.database + e.where.host + e.where.operation + user_message(e);
  if (e.pool) text += to_string(*e.pool);
  return text;
}

/// Whatever a database says, collected.
class listener {
public:
  void listen_to(database& db) {
    db.on_event([this](const owned_event& e) {
      std::string text = fmt::format("{} {} {} {}", to_string(e.kind), e.database, e.host,
                                     e.operation + e.trace_id);
      if (e.failure) text += everything(*e.failure);
      add(text);
    });
  }
  void add(std::string_view text) {
    const std::lock_guard lock{mutex_};
    heard_.append(text).append("\n");
  }
  template <class T>
  void add(const result<T>& r) {
    if (!r) add(everything(r.error()));
  }
  [[nodiscard]] std::string take() {
    const std::lock_guard lock{mutex_};
    return std::move(heard_);
  }

private:
  std::mutex mutex_; // guards heard_
  std::string heard_;
};

void hear_status(listener& ear, database& db) {
  const auto s = db.status();
  for (const auto& h : s.hosts) ear.add(s.name + h.host + h.last_error + h.pool.last_connect_error);
  for (const auto& reason : db.health().reasons) ear.add(reason);
  ear.add(prometheus_text({&db}));
  for (const auto& row : db.recent_events().rows) ear.add(row.host);
}

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

/// The password of `app` is random: where it is found it was shown.
void canary(trial& t) {
  const std::string word{t.at.password()};
  const auto log = std::filesystem::temp_directory_path() /
                   ("holdfast-conformance-" + std::to_string(::getpid()) + ".log");
  listener ear;
  for (const auto format : {log_format::text, log_format::json}) {
    database_options o = one_connection();
    o.log.level = log_level::trace;
    o.log.format = format;
    o.log.file = log;
    o.log.burst.reset();
    o.retry.on_outage = on_outage::fail_fast;
    auto db = t.open(t.by_door(), o);
    ear.listen_to(db);
    (void)db.query_value<long>("select 1");
    ear.add(db.try_execute("select no_such_column"));
    t.door().stop();
    for (int i = 0; i < 5; ++i) ear.add(db.try_execute("select 1"));
    hear_status(ear, db);
    t.door().heal();
    (void)soon([&] { return db.try_execute("select 1").has_value(); });
    (void)db.close(2s);
  }
  for (const entry& how : {entry{.password = word + "x"}, entry{.database = "nowhere"},
                           entry{.user = "nobody"}, entry{.port = 1}})
    ear.add(everything(t.refusal_of(how)));
  const auto shown = examine_url(t.at.url({}) + "?pool.max_size=none");
  for (const setting& s : shown.config.settings) ear.add(s.key + s.value + s.origin);
  for (const violation& v : shown.violations) ear.add(to_string(v));
  const std::string logged = content_of(log);
  std::filesystem::remove(log);
  t.demand(logged.size() > 1000, "only {} bytes were logged", logged.size());
  t.demand(logged.find(word) == std::string::npos, "the password is in the log");
  const std::string heard = ear.take();
  t.demand(heard.size() > 2000, "only {} bytes were told", heard.size());
  const auto at = heard.find(word);
  t.demand(at == std::string::npos, "the password is told: …{}",
           at == std::string::npos ? "" : heard.substr(at > 80 ? at - 80 : 0, 80));
}

/// Each operation leaves one trace: the caller's id, the same in all that is told of it.
void trace_id_of_a_call(trial& t) {
  constexpr std::string_view mine = "0af7651916cd43dd8448eb211c80319c";
  auto db = t.open(one_connection());
  const auto r = db.with({.name = "seat.lookup", .trace_id = mine}).try_execute("selec 1");
  t.demand(!r && r.error().where.trace_id == mine, "the trace id is not in the error");
  t.demand(!r && r.error().where.operation == "seat.lookup", "the operation's name is not told");
  const auto other = db.try_execute("selec 1");
  t.demand(!other && other.error().where.trace_id.size() == 32, "a call has no trace id");
}

constexpr std::array table{
    test_case{"watch_health_and_status", health_and_status},
    test_case{"watch_health_of_an_outage", health_of_an_outage, need::server},
    test_case{"watch_trace_id", trace_id_of_a_call},
    test_case{"secret_canary", canary, need::logins},
};

} // namespace

std::span<const test_case> watch_cases() noexcept { return table; }

} // namespace holdfast::conformance
