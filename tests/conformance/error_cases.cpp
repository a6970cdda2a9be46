// Errors that were really provoked: the same code, kind and effect whatever the engine says.
#include "conformance/suite.hpp"

#include <array>
#include <atomic>
#include <thread>

namespace holdfast::conformance {

namespace {

/// Says what it is that must not be in a message of ours.
constexpr std::string_view datum = "datum-4711";

database with_tables(trial& t, database_options o = one_connection()) {
  auto db = t.open(std::move(o));
  db.execute("create table parent (id bigint primary key, name varchar(100) unique)");
  db.execute("create table child (id bigint primary key, parent bigint not null, n bigint,"
             " constraint positive check (n > 0),"
             " constraint of_parent foreign key (parent) references parent (id))");
  db.execute(t("insert into parent values (1, #1)"), datum);
  return db;
}

/// The error as demanded, tried once, on a connection that goes on.
void demand_answered(trial& t, database& db, const result<std::uint64_t>& r, errc code,
                     category kind) {
  t.demand_error(r, code, kind);
  if (r) return;
  const error& e = r.error();
  t.demand(e.when == phase::answered, "it is told as {}", to_string(e.when));
  t.demand(e.connection_usable, "its connection is thrown away");
  t.demand(e.where.attempt == 1, "it was tried {} times", e.where.attempt);
  t.demand(!e.native_code.empty(), "the engine's own code is not told");
  t.demand(to_string(e).find(datum) == std::string::npos, "data of users is in the message: {}",
           to_string(e));
  t.demand(std::string_view{e.where.caller.file_name()}.ends_with("error_cases.cpp"),
           "the caller's line is not told");
  t.demand(db.query_value<long>("select 1") == 1, "no answer afterwards");
  t.demand(db.recent_events().count(event_kind::connection_ready) == 1,
           "the connection was replaced");
}

void unique(trial& t) {
  auto db = with_tables(t);
  const auto r = db.try_execute(t("insert into parent values (2, #1)"), datum);
  demand_answered(t, db, r, errc::unique_violation, category::constraint);
}

void foreign_key(trial& t) {
  auto db = with_tables(t);
  const auto missing = db.try_execute("insert into child values (1, 77, 1)");
  demand_answered(t, db, missing, errc::foreign_key_violation, category::constraint);
  db.execute("insert into child values (1, 1, 1)");
  const auto needed = db.try_execute("delete from parent where id = 1");
  demand_answered(t, db, needed, errc::foreign_key_violation, category::constraint);
}

void not_null(trial& t) {
  auto db = with_tables(t);
  const auto r =
      db.try_execute(t("insert into child values (1, #1, 1)"), std::optional<std::int64_t>{});
  demand_answered(t, db, r, errc::not_null_violation, category::constraint);
}

void check(trial& t) {
  auto db = with_tables(t);
  const auto r = db.try_execute("insert into child values (1, 1, -1)");
  demand_answered(t, db, r, errc::check_violation, category::constraint);
  t.demand(!r && r.error().constraint.find("positive") != std::string::npos,
           "the constraint's name is not told");
}

void syntax(trial& t) {
  auto db = with_tables(t);
  demand_answered(t, db, db.try_execute("selec 1"), errc::syntax_error, category::request);
}

void missing_table(trial& t) {
  auto db = with_tables(t);
  const auto r = db.try_execute("insert into no_such_table values (1)");
  demand_answered(t, db, r, errc::unknown_object, category::request);
}

void missing_column(trial& t) {
  auto db = with_tables(t);
  const auto r = db.try_execute("update parent set no_such_column = 1");
  demand_answered(t, db, r, errc::unknown_object, category::request);
}

void permission(trial& t) {
  auto db = with_tables(t);
  auto guest = t.open({.user = std::string{witness::guest}}, one_connection());
  const auto r = guest.try_execute("delete from parent");
  demand_answered(t, guest, r, errc::permission_denied, category::permission);
}

void read_only_transaction(trial& t) {
  auto db = with_tables(t);
  const auto e = thrown_by([&] {
    db.transaction({.read_only = true},
                   [](transaction& tx) { tx.execute("insert into parent values (2, 'b')"); });
  });
  t.demand(e.has_value(), "it was written");
  if (e) t.demand_error(*e, errc::read_only_transaction, category::request);
  t.demand(db.execute("insert into parent values (3, 'c')") == 1, "no write afterwards");
}

/// Waits in case it is a demoted one, and goes on when it takes writes again.
void read_only_server(trial& t) {
  auto db = with_tables(t);
  t.at.set_read_only(true);
  result<std::uint64_t> r = std::uint64_t{0};
  const bool refused = soon([&] {
    r = db.with({.deadline = 300ms}).try_execute("update parent set name = 'x' where id = 9");
    return !r;
  });
  t.demand(refused, "the server still takes writes");
  t.demand_error(r, errc::read_only_server, category::failover);
  t.demand(soon([&] { return db.query_value<long>("select 1") == 1; }), "reads do not go on");
  t.at.set_read_only(false);
  const auto again = db.with({.deadline = 10s}).try_execute("insert into parent values (4, 'd')");
  t.demand(again.has_value(), "no write after its end: {}", again ? "" : to_string(again.error()));
}

void deadlock(trial& t) {
  database_options o;
  o.retry.conflict.max_retries = 0;
  auto db = with_tables(t, o);
  db.execute("insert into parent values (2, 'b')");
  std::array<std::atomic<bool>, 2> holds{};
  std::array<std::optional<error>, 2> ends;
  {
    const auto cross = [&](std::size_t from) {
      const std::string mine = std::to_string(from); // names are unique
      ends[from] = thrown_by([&] {
        db.transaction([&](transaction& tx) {
          tx.execute(t("update parent set name = #1 where id = #2"), "y" + mine, 1 + from);
          holds[from] = true;
          (void)soon([&] { return holds[1 - from].load(); }, 2s);
          tx.execute(t("update parent set name = #1 where id = #2"), "z" + mine, 2 - from);
        });
      });
    };
    const std::jthread one{[&] { cross(0); }};
    const std::jthread two{[&] { cross(1); }};
  }
  t.demand(ends[0].has_value() != ends[1].has_value(), "{} of two were chosen as the victim",
           int{ends[0].has_value()} + int{ends[1].has_value()});
  for (const auto& e : ends) {
    if (!e) continue;
    t.demand_error(*e, errc::deadlock, category::conflict);
    t.demand(e->next == advice::retry_transaction, "the advice is {}", to_string(e->next));
    t.demand(e->connection_usable, "its connection is thrown away");
  }
}

void lock_wait(trial& t) {
  const words& w = t.at.dialect();
  auto holder = with_tables(t);
  auto o = one_connection();
  o.after_connect = w.short_lock_wait;
  o.retry.conflict.max_retries = 0;
  auto db = t.open(o);
  holder.transaction([&](transaction& tx) {
    tx.execute("update parent set name = 'mine' where id = 1");
    const time_point began = clock::now();
    const auto r =
        db.with({.deadline = w.lock_deadline}).try_execute("update parent set name = 'x'");
    t.demand_error(r, w.lock_wait_ends, category::conflict);
    t.demand(!r && r.error().connection_usable, "its connection is thrown away");
    t.demand(clock::now() - began < 4s, "it was waited {} ms", (clock::now() - began) / 1ms);
  });
  t.demand(db.execute("update parent set name = 'x'") == 1, "no write after the lock was gone");
}

constexpr std::array table{
    test_case{"error_unique", unique},
    test_case{"error_foreign_key", foreign_key},
    test_case{"error_not_null", not_null},
    test_case{"error_check", check},
    test_case{"error_syntax", syntax},
    test_case{"error_missing_table", missing_table},
    test_case{"error_missing_column", missing_column},
    test_case{"error_permission", permission, need::logins},
    test_case{"error_read_only_transaction", read_only_transaction},
    test_case{"error_read_only_server", read_only_server, need::read_only_switch},
    test_case{"error_deadlock", deadlock, need::row_locks},
    test_case{"error_lock_wait", lock_wait},
};

} // namespace

std::span<const test_case> error_cases() noexcept { return table; }

} // namespace holdfast::conformance
