// Every wait ends, and a connection whose statement was given up is never lent again.
#include "conformance/holder.hpp"
#include "conformance/suite.hpp"

#include <array>
#include <stop_token>
#include <thread>

namespace holdfast::conformance {

namespace {

constexpr duration limit = 150ms;
constexpr duration latest = 1500ms; // of what ends at `limit`, on a busy machine

database on_one_connection(trial& t) {
  auto db = t.open(one_connection());
  make_thousand(t, db);
  return db;
}

void demand_replaced(trial& t, database& db) {
  t.demand(db.query_value<long>("select 1") == 1, "no answer afterwards");
  const auto opened = db.recent_events().count(event_kind::connection_ready);
  t.demand(opened == 2, "{} connections were opened instead of 2: the one in doubt was {}", opened,
           opened < 2 ? "lent again" : "not the only one thrown away");
}

void ends_a_statement(trial& t) {
  auto db = on_one_connection(t);
  const time_point began = clock::now();
  const auto r = db.with({.deadline = limit}).try_query_value<long>(endless);
  const duration took = clock::now() - began;
  t.demand_error(r, errc::deadline_exceeded, category::timeout);
  t.demand(!r && !r.error().connection_usable, "its connection is told to be usable");
  t.demand(took >= limit && took < latest, "it took {} ms", took / 1ms);
  demand_replaced(t, db);
}

void stop_request(trial& t) {
  auto db = on_one_connection(t);
  std::stop_source stop;
  const std::jthread stopper{[&] {
    std::this_thread::sleep_for(limit);
    stop.request_stop();
  }};
  const time_point began = clock::now();
  const auto r = db.with({.deadline = 20s}, stop.get_token()).try_query_value<long>(endless);
  t.demand_error(r, errc::cancelled, category::cancelled);
  t.demand(clock::now() - began < latest, "it took {} ms", (clock::now() - began) / 1ms);
  demand_replaced(t, db);
}

/// Nobody waits for it any more: so the server does not work on it any more.
void ends_on_the_server_too(trial& t) {
  auto db = on_one_connection(t);
  auto watcher = t.open(one_connection());
  const auto running = [&] {
    return watcher
        .query_value<std::int64_t>(t.at.dialect().running, "%cross join thousand endless%")
        .value_or(-1);
  };
  std::int64_t meanwhile = 0;
  {
    const std::jthread looks{[&] { (void)soon([&] { return (meanwhile = running()) == 1; }, 2s); }};
    (void)db.with({.deadline = 600ms}).try_query_value<long>(endless);
  }
  t.demand(meanwhile == 1, "the statement was not seen while it ran");
  t.demand(soon([&] { return running() == 0; }), "it still runs on the server");
}

void of_a_transaction(trial& t) {
  auto db = on_one_connection(t);
  const auto e = thrown_by([&] {
    db.transaction({.deadline = limit}, [&](transaction& tx) {
      tx.execute("update thousand set filler = 'y' where id = 1");
      (void)tx.query_value<long>(endless);
    });
  });
  t.demand(e && e->kind == category::timeout && e->effect == side_effect::none,
           "it did not end by its deadline, without effect");
  t.demand(db.query_value<std::string>("select filler from thousand where id = 1") != "y",
           "its write is there");
  demand_replaced(t, db);
}

void of_the_queue(trial& t) {
  auto o = one_connection();
  o.pool.refuse_late = false; // who waits shall wait
  auto db = t.open(o);
  const lease_holder holder{db};
  const time_point began = clock::now();
  const auto r = db.with({.deadline = limit}).try_query_value<long>("select 1");
  const duration took = clock::now() - began;
  t.demand(!r && (r.error().kind == category::pool || r.error().kind == category::timeout),
           "told as {}", r ? "an answer" : to_string(r.error()));
  t.demand(took >= limit - 1ms && took < latest, "it took {} ms", took / 1ms);
}

/// Zero means at once, never for ever.
void zero(trial& t) {
  auto db = t.open(one_connection());
  const lease_holder holder{db};
  const time_point began = clock::now();
  const auto r = db.with({.deadline = 0ms}).try_query_value<long>("select 1");
  t.demand(!r, "an answer without a connection");
  t.demand(clock::now() - began < 500ms, "it took {} ms", (clock::now() - began) / 1ms);
}

/// A server that has fallen silent holds nobody up beyond the deadline.
void silence(trial& t) {
  auto db = t.open(t.by_door(), one_connection());
  (void)db.query_value<long>("select 1");
  t.door().add("black_hole");
  const time_point began = clock::now();
  const auto r = db.with({.deadline = limit}).try_query_value<long>("select 1");
  const duration took = clock::now() - began;
  t.demand(!r && r.error().kind == category::timeout && r.error().effect == side_effect::none,
           "told as {}", r ? "an answer" : to_string(r.error()));
  t.demand(took >= limit && took < latest, "it took {} ms", took / 1ms);
  t.door().heal();
  demand_replaced(t, db);
}

constexpr std::array table{
    test_case{"deadline_ends_a_statement", ends_a_statement},
    test_case{"deadline_ends_it_on_the_server_too", ends_on_the_server_too, need::server},
    test_case{"deadline_of_a_transaction", of_a_transaction},
    test_case{"deadline_of_the_queue", of_the_queue},
    test_case{"deadline_zero_is_at_once", zero},
    test_case{"deadline_of_a_silent_server", silence, need::server},
    test_case{"cancel_by_stop_request", stop_request},
};

} // namespace

std::span<const test_case> deadline_cases() noexcept { return table; }

} // namespace holdfast::conformance
