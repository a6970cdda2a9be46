// Rows: of the right number and type, by and by in bounded memory, and many at once going in.
#include "conformance/suite.hpp"

#include <array>
#include <fstream>
#include <tuple>
#include <unistd.h>

namespace holdfast::conformance {

namespace {

constexpr std::int64_t long_result = 50'000; // rows of 2,000 bytes
constexpr long most_memory_kib = 24L * 1024;

struct booking {
  std::int64_t id = 0;
  std::string seat;
};

database with_bookings(trial& t) {
  auto db = t.open(one_connection());
  db.execute("create table booking (id bigint primary key, seat varchar(20))");
  db.execute("insert into booking values (1, '12A'), (2, '12B')");
  return db;
}

void shapes(trial& t) {
  auto db = with_bookings(t);
  const auto ids = db.query<std::int64_t>("select id from booking order by id");
  t.demand(ids == std::vector<std::int64_t>{1, 2}, "scalars");
  const auto all = db.query<booking>("select id, seat from booking order by id");
  t.demand(all.size() == 2 && all[1].id == 2 && all[1].seat == "12B", "aggregates");
  for (const auto& [id, seat] :
       db.query<std::int64_t, std::string>("select id, seat from booking where id = 1"))
    t.demand(id == 1 && seat == "12A", "tuples");
  t.demand(!db.query_value<std::string>("select seat from booking where id = 7"),
           "no row is not told as none");
  t.demand(db.execute("update booking set seat = 'x' where id > 0") == 2, "rows affected");
}

void mistakes(trial& t) {
  auto db = with_bookings(t);
  t.demand_error(db.try_query<std::int64_t>("select id, seat from booking"), errc::column_count,
                 category::request);
  t.demand_error(db.try_query<std::int64_t>("select seat from booking"), errc::column_type,
                 category::request);
  t.demand_error(db.try_query_value<std::int64_t>("select id from booking"), errc::row_count,
                 category::request);
  t.demand_error(db.try_execute(t("insert into booking values (#1, #2)"), 3), errc::parameter_count,
                 category::request);
  t.demand_error(db.try_execute("delete from booking", 3), errc::parameter_count,
                 category::request);
  t.demand(db.query_value<std::int64_t>("select count(*) from booking") == 2, "rows were changed");
  t.demand(db.recent_events().count(event_kind::connection_ready) == 1,
           "the connection was replaced");
}

long resident_kib() {
  std::ifstream in{"/proc/self/statm"};
  long all = 0;
  long resident = 0;
  in >> all >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

void stream_in_bounded_memory(trial& t) {
  auto db = t.open(one_connection());
  make_thousand(t, db);
  auto rows = db.stream<std::int64_t, std::string>(
      t("select a.id, b.filler from thousand a cross join thousand b where b.id < #1"),
      long_result / 1000);
  const long before = resident_kib();
  long most = 0;
  std::int64_t seen = 0;
  std::size_t wrong = 0;
  while (auto row = rows.next()) {
    if (std::get<1>(*row).size() != 2000) ++wrong;
    if (++seen % 1000 == 0) most = std::max(most, resident_kib() - before);
  }
  t.demand(seen == long_result && wrong == 0, "{} rows of {}, {} of them wrong", seen, long_result,
           wrong);
#if !defined(__SANITIZE_ADDRESS__) // which keeps what was freed
  t.demand(most < most_memory_kib, "it took {} KiB", most);
#endif
  t.demand(db.status().hosts.at(0).pool.in_use == 0, "its connection is still out");
}

void stream_left_early(trial& t) {
  auto db = t.open(one_connection());
  make_thousand(t, db);
  const std::string text = "select a.id from thousand a cross join thousand b order by a.id";
  for (auto& id : db.stream<std::int64_t>(text)) {
    t.demand(id == 0, "the first row is {}", id);
    break;
  }
  t.demand(db.query_value<std::int64_t>("select count(*) from thousand") == 1000,
           "another's rows came as an answer");
  auto rows = db.stream<std::int64_t>(text);
  (void)rows.next();
  rows.close();
  t.demand(!rows.next(), "a row after the end");
  t.demand(db.query_value<long>("select 1") == 1, "no answer after a close");
}

void stream_cut(trial& t) {
  auto boss = t.open(one_connection());
  make_thousand(t, boss);
  auto db = t.open(t.by_door(), one_connection());
  auto rows = db.stream<std::int64_t, std::string>(
      "select a.id, b.filler from thousand a cross join thousand b");
  (void)rows.next();
  t.harm_now("reset");
  std::int64_t seen = 1;
  const auto e = thrown_by([&] {
    while (rows.next()) ++seen;
  });
  t.demand(e && e->kind == category::connection, "a result that was cut ended well");
  t.demand(seen < 1'000'000, "all rows came");
  t.demand(rows.try_next().has_value() == false, "its error is forgotten");
  t.demand(db.query_value<long>("select 1") == 1, "no answer afterwards");
}

void bulk_insert(trial& t) {
  auto db = t.open(one_connection());
  db.execute("create table seat (id bigint primary key, name varchar(100))");
  std::vector<std::tuple<std::int64_t, std::optional<std::string>>> rows;
  for (int i = 0; i < 12'345; ++i)
    rows.emplace_back(i, i % 7 == 0 ? std::optional<std::string>{} : "n" + std::to_string(i));
  const auto count = [&] { return db.query_value<std::int64_t>("select count(*) from seat"); };
  t.demand(db.insert_many("seat", {"id", "name"}, rows) == rows.size(), "rows affected");
  t.demand(count() == 12'345, "rows are missing");
  t.demand(db.query_value<std::string>("select name from seat where id = 12344") == "n12344",
           "values are mixed up");
  for (auto& [id, name] : rows) id += 20'000;
  std::get<0>(rows.back()) = 5; // taken
  t.demand_error(db.try_insert_many("seat", {"id", "name"}, rows), errc::unique_violation,
                 category::constraint);
  t.demand(count() == 12'345, "it was not all or nothing");
  rows.clear();
  t.demand(db.insert_many("seat", {"id", "name"}, rows) == 0, "no rows");
}

void script(trial& t) {
  auto db = t.open(one_connection());
  db.script("create table a (id bigint); insert into a values (1);\n"
            "-- a comment; with a semicolon\n"
            "insert into a values (2); create table b (name varchar(10));"
            "insert into b values ('x;''y');");
  t.demand(db.query_value<std::int64_t>("select count(*) from a") == 2, "rows are missing");
  t.demand(db.query_value<std::string>("select name from b") == "x;'y", "a text was cut");
  const auto r = db.try_script("insert into a values (3); insert into no_such_table values (1)");
  t.demand(!r && r.error().code == errc::unknown_object, "its error is not told");
  // Whether a script is one transaction is the engine's matter; what became of it is told.
  const bool kept = db.query_value<std::int64_t>("select count(*) from a") == 3;
  t.demand(!r && r.error().effect == (kept ? side_effect::applied : side_effect::none),
           "its effect is told as {}, and it is {}there", r ? "" : to_string(r.error().effect),
           kept ? "" : "not ");
}

constexpr std::array table{
    test_case{"result_shapes", shapes},
    test_case{"result_mistakes", mistakes},
    test_case{"stream_in_bounded_memory", stream_in_bounded_memory},
    test_case{"stream_left_early", stream_left_early},
    test_case{"stream_cut", stream_cut, need::server},
    test_case{"bulk_insert", bulk_insert},
    test_case{"script", script},
};

} // namespace

std::span<const test_case> result_cases() noexcept { return table; }

} // namespace holdfast::conformance
