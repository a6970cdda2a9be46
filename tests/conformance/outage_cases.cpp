// What callers see of an outage: a wait. All writes have keys, so none may be lost, doubled, told
// as failed or left unknown.
#include "conformance/suite.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <thread>

namespace holdfast::conformance {

namespace {

constexpr int caller_count = 8;
constexpr duration longest_recovery = 3s; // one busy machine included; a second is usual
constexpr duration settles_after = 300ms; // calls that were under way have ended by then

/// Callers that write all the time, and what they were told.
class crowd {
public:
  crowd(database db, const till& book) : db_{std::move(db)}, book_{book} {
    for (int i = 0; i < caller_count; ++i)
      callers_.emplace_back([this](const std::stop_token& stop) { call(stop); });
  }

  [[nodiscard]] std::uint64_t made() const noexcept { return made_; }
  /// Calls under way end.
  void stop() {
    for (auto& c : callers_) c.request_stop();
    callers_.clear();
  }
  void demand_truth(trial& t) const {
    t.demand(failures_.empty(), "{} callers were told a failure, the first: {}", failures_.size(),
             failures_.empty() ? "" : failures_.front());
    auto told = told_;
    std::ranges::sort(told);
    auto db = db_;
    const auto there = book_.all(db);
    std::vector<std::int64_t> lost;
    std::ranges::set_difference(told, there, std::back_inserter(lost));
    t.demand(lost.empty(), "{} writes are lost", lost.size());
    t.demand(std::ranges::adjacent_find(there) == there.end(), "writes were made twice");
    t.demand(there.size() == told.size(), "{} rows are there, {} were told as made", there.size(),
             told.size());
  }

private:
  void call(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const std::int64_t id = ++next_;
      const std::string key = "write-" + std::to_string(id);
      const auto r = book_.put(db_.with({.operation_key = key}), id);
      const std::lock_guard lock{mutex_};
      if (r)
        told_.push_back(id);
      else
        failures_.push_back(to_string(r.error()));
      if (r) ++made_;
      if (!r) return;
    }
  }

  database db_;
  const till& book_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint64_t> made_{0};
  std::mutex mutex_; // guards the two below
  std::vector<std::int64_t> told_;
  std::vector<std::string> failures_;
  std::vector<std::jthread> callers_; // last: they use the rest
};

struct fault {
  std::function<void()> begin;
  std::function<void()> end; ///< returns when writes could be taken again
};

void play(trial& t, const entry& how, const fault& f, duration lasts) {
  const till book{t};
  database_options o;
  o.operation_keys.enabled = true;
  o.pool.connect_timeout = 1s; // of one that ran into a paused server
  auto db = t.open(how, o);
  crowd callers{db, book};
  t.demand(soon([&] { return callers.made() > 50; }, 10s), "no writes before it");
  f.begin();
  std::this_thread::sleep_for(settles_after);
  const auto before = callers.made();
  std::this_thread::sleep_for(lasts - settles_after);
  t.demand(callers.made() == before, "{} writes were made meanwhile: it did not bite",
           callers.made() - before);
  const auto at_end = callers.made();
  f.end();
  const time_point ended = clock::now();
  t.demand(soon([&] { return callers.made() > at_end; }, 15s), "no write ever after");
  const duration recovery = clock::now() - ended;
  t.demand(recovery < longest_recovery, "the first write came {} ms after its end", recovery / 1ms);
  t.demand(soon([&] { return callers.made() > at_end + 100; }, 10s), "it goes on slowly");
  callers.stop();
  callers.demand_truth(t);
  t.demand(db.status().hosts.at(0).up, "the host is still thought to be down");
  t.demand(db.health().status != health::unhealthy, "its health is told as unhealthy");
}

void struck(trial& t, outage what, duration lasts) {
  play(t, {}, {[&] { t.at.strike(what); }, [&] { t.at.heal(what); }}, lasts);
}

void killed(trial& t) { struck(t, outage::killed, 1s); }
void restarted(trial& t) { struck(t, outage::restarted, 1s); }
void paused(trial& t) { struck(t, outage::paused, 2s); }

void refused_for_3_s(trial& t) {
  if (t.at.port() == 0) return struck(t, outage::refused, 3s);
  play(t, t.by_door(), {[&] { t.door().stop(); }, [&] { t.door().heal(); }}, 3s);
}

/// For callers that do not want to wait: the real cause, at once.
void fail_fast(trial& t) {
  auto o = one_connection();
  o.retry.on_outage = on_outage::fail_fast;
  auto db = t.open(t.by_door(), o);
  t.door().stop();
  (void)soon([&] {
    (void)db.try_query_value<long>("select 1"); // finds out
    return !db.status().hosts.at(0).up;
  });
  for (int i = 0; i < 20; ++i) {
    const time_point began = clock::now();
    const auto r = db.try_query_value<long>("select 1");
    t.demand_error(r, errc::connect_refused, category::connection);
    t.demand(clock::now() - began < 500ms, "it was waited {} ms", (clock::now() - began) / 1ms);
    if (!t.out.ok()) return;
  }
  t.door().heal();
  t.demand(soon([&] { return db.try_query_value<long>("select 1").has_value(); }),
           "it does not come back");
}

/// While it lasts the server is looked for by one probe at a time, however many callers wait.
void no_storm(trial& t) {
  database_options o;
  auto db = t.open(t.by_door(), o);
  std::vector<std::jthread> callers;
  t.door().stop();
  const auto connects = [&] {
    const auto seen = db.recent_events();
    return seen.count(event_kind::connection_created) + seen.count(event_kind::host_probe);
  };
  const auto before = connects();
  for (int i = 0; i < 32; ++i)
    callers.emplace_back(
        [&] { (void)db.with({.deadline = 20s}).try_query_value<long>("select 1"); });
  std::this_thread::sleep_for(1s);
  const auto made = connects() - before;
  t.demand(made < 32, "{} connects in a second of outage", made);
  t.door().heal();
  callers.clear();
}

constexpr std::array table{
    test_case{"outage_kill_9", killed},
    test_case{"outage_restart", restarted, need::server},
    test_case{"outage_pause", paused},
    test_case{"outage_3_s_of_refusal", refused_for_3_s},
    test_case{"outage_fail_fast", fail_fast, need::server},
    test_case{"outage_no_connect_storm", no_storm, need::server},
};

} // namespace

std::span<const test_case> outage_cases() noexcept { return table; }

} // namespace holdfast::conformance
