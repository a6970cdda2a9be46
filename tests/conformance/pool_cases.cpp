// Who gets a connection, when, and what is said of who holds it.
#include "conformance/holder.hpp"
#include "conformance/suite.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

namespace holdfast::conformance {

namespace {

pool_snapshot pool_of(const database& db) { return db.status().hosts.at(0).pool; }

void acquire_timeout(trial& t) {
  auto o = one_connection();
  o.pool.acquire_timeout = 150ms;
  auto db = t.open(o);
  const lease_holder holder{db};
  const time_point began = clock::now();
  const auto r = db.try_query_value<long>("select 1");
  const duration took = clock::now() - began;
  t.demand_error(r, errc::pool_timeout, category::pool);
  t.demand(took >= 150ms && took < 1s, "it was waited {} ms instead of 150", took / 1ms);
  const bool named = !r && r.error().pool && !r.error().pool->oldest_leases.empty() &&
                     holder.is_at(r.error().pool->oldest_leases[0].holder);
  t.demand(named, "the holder's line is not in the error");
}

void queue_limit(trial& t) {
  auto o = one_connection();
  o.pool.wait_queue_limit = 1;
  auto db = t.open(o);
  std::jthread waits;
  {
    const lease_holder holder{db};
    waits = std::jthread{[&] { (void)db.try_query_value<long>("select 1"); }};
    t.demand(soon([&] { return pool_of(db).waiting == 1; }), "nobody waits");
    t.demand_error(db.try_query_value<long>("select 1"), errc::pool_overloaded, category::pool);
  }
}

void leak_report(trial& t) {
  auto o = one_connection();
  o.pool.leak_after = 50ms;
  o.pool.maintenance_interval = 20ms;
  auto db = t.open(o);
  std::mutex mutex;
  std::vector<std::source_location> told;
  db.on_event([&](const owned_event& e) {
    if (e.kind != event_kind::leak_suspected) return;
    const std::lock_guard lock{mutex};
    told.push_back(e.caller);
  });
  const lease_holder holder{db};
  const auto reported = [&] {
    const std::lock_guard lock{mutex};
    return std::ranges::any_of(told, [&](const auto& place) { return holder.is_at(place); });
  };
  t.demand(soon(reported), "no leak was reported with the holder's line");
  t.demand(holder.is_at(pool_of(db).oldest_leases.at(0).holder), "the status names another line");
}

/// Its peer is gone, or silent: the next caller does not notice.
void dead_idle_connection(trial& t) {
  auto o = one_connection();
  o.pool.ping_after_idle = 1ms;
  o.pool.ping_timeout = 200ms;
  auto db = t.open(t.by_door(), o);
  (void)db.query_value<long>("select 1");
  const auto stays_usable = [&](const char* how, const std::string& rule) {
    const auto before = db.recent_events().count(event_kind::connection_ready);
    const auto n = t.door().add(rule);
    std::this_thread::sleep_for(20ms);
    const auto r = db.with({.deadline = 5s}).try_execute(t("select #1"), "x");
    t.demand(r.has_value(), "{}: {}", how, r ? "" : to_string(r.error()));
    const auto after = db.recent_events().count(event_kind::connection_ready);
    t.demand(after == before + 1, "{}: {} new connections", how, after - before);
    t.door().remove(n);
  };
  const auto nth = [&] { return " connection=" + std::to_string(t.door().status().accepted); };
  stays_usable("reset", "reset" + nth());
  stays_usable("silent", "black_hole" + nth());
  t.demand(db.status().retries == 0, "the statement itself was tried on the dead connection");
}

void saturation(trial& t) {
  auto o = one_connection();
  o.pool.max_size = 4;
  o.pool.acquire_timeout = 20s;
  auto db = t.open(o);
  std::atomic<int> right = 0;
  std::atomic<int> wrong = 0;
  std::atomic<bool> over = false;
  std::uint32_t most = 0;
  std::jthread looks{[&] {
    while (!over) {
      const auto p = pool_of(db);
      most = std::max(most, p.idle + p.in_use + p.connecting + p.tending);
      std::this_thread::sleep_for(1ms);
    }
  }};
  {
    std::vector<std::jthread> callers;
    for (int c = 0; c < 32; ++c)
      callers.emplace_back([&, c] {
        for (int i = 0; i < 25; ++i) {
          const auto r = db.try_query_value<long>("select " + std::to_string(c * 100 + i));
          ++(r && *r == c * 100 + i ? right : wrong);
        }
      });
  }
  over = true;
  looks.join();
  t.demand(right == 32 * 25, "{} calls of {} were not answered, or with another's answer",
           wrong.load(), 32 * 25);
  t.demand(most <= 4, "{} connections with max_size 4", most);
  const auto p = pool_of(db);
  t.demand(p.waiting == 0 && p.in_use == 0, "{} wait and {} hold after the end", p.waiting,
           p.in_use);
}

void priorities(trial& t) {
  auto db = t.open(one_connection());
  std::mutex mutex;
  std::vector<priority> order;
  std::vector<std::jthread> callers;
  {
    const lease_holder holder{db};
    for (const auto how : {priority::background, priority::background, priority::normal,
                           priority::normal, priority::critical, priority::critical}) {
      callers.emplace_back([&, how] {
        transaction_options urgency;
        urgency.priority = how;
        urgency.read_only = true;             // those that write wait for their turn elsewhere
        const auto note = [&](transaction&) { // while it has the connection
          const std::lock_guard lock{mutex};
          order.push_back(how);
        };
        try {
          db.transaction(urgency, note);
        } catch (const database_error&) { // one is missing then
        }
      });
      const auto n = static_cast<std::uint32_t>(callers.size());
      t.demand(soon([&] { return pool_of(db).waiting == n; }), "caller {} does not wait", n);
    }
  }
  callers.clear();
  t.demand(order.size() == 6 && std::ranges::is_sorted(order),
           "they were not served by their priority");
}

/// The stack unwinds, the connection comes back.
void a_throwing_borrower(trial& t) {
  auto db = t.open(one_connection());
  for (int i = 0; i < 3; ++i) try {
      db.transaction([](transaction& tx) {
        (void)tx.query_value<long>("select 1");
        throw std::runtime_error{"mine"};
      });
    } catch (const std::runtime_error&) {
    }
  t.demand(soon([&] { return pool_of(db).in_use == 0; }), "a connection is still out");
  t.demand(db.query_value<long>("select 1") == 1, "no answer afterwards");
  t.demand(db.recent_events().count(event_kind::connection_ready) == 1,
           "connections were thrown away");
}

void close_drains(trial& t) {
  auto db = t.open(one_connection());
  {
    const lease_holder holder{db};
    t.demand(!db.close(50ms), "closed with a lease out");
  }
  t.demand(db.close(5s), "a lease is still out");
  t.demand_error(db.try_query_value<long>("select 1"), errc::pool_closed, category::pool);
}

constexpr std::array table{
    test_case{"pool_acquire_timeout", acquire_timeout},
    test_case{"pool_queue_limit", queue_limit},
    test_case{"pool_leak_report", leak_report},
    test_case{"pool_dead_idle_connection", dead_idle_connection, need::server},
    test_case{"pool_saturation", saturation},
    test_case{"pool_priorities", priorities},
    test_case{"pool_a_throwing_borrower", a_throwing_borrower},
    test_case{"pool_close_drains", close_drains},
};

} // namespace

std::span<const test_case> pool_cases() noexcept { return table; }

} // namespace holdfast::conformance
