// Old operation keys go by themselves on real engines. The retention is below what options allow,
// so that a look comes every 50 ms; therefore the database is opened behind the validation.
#include "database/open.hpp"
#include "drivers/postgres/driver.hpp"
#include "drivers/sqlite/driver.hpp"
#include "integration/database/engines.hpp"

#include <chrono>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

class pruning : public test::each_engine {
protected:
  [[nodiscard]] database forgetful() const {
    database_options o = test::quiet();
    o.health.interval.reset();
    o.operation_keys.enabled = true;
    o.operation_keys.retention = 168 * 50ms;
    return database{detail::open_database({driver()}, std::move(o)).value()};
  }
  [[nodiscard]] std::shared_ptr<drivers::sql_driver> driver() const {
    if (!is_postgres()) return drivers::sqlite::make_driver({file(), {}});
    drivers::postgres::settings s;
    s.server = {"127.0.0.1", test::server().port()};
    s.database = "postgres";
    s.credentials = []() -> result<credential> { return credential{"postgres", {}}; };
    return drivers::postgres::make_driver(std::move(s));
  }
  [[nodiscard]] std::string key_column() const { return is_postgres() ? "operation_key" : "key"; }
  [[nodiscard]] std::string hours_ago(int n) const {
    return is_postgres() ? "now() - interval '" + std::to_string(n) + " hours'"
                         : "unixepoch() - 3600 * " + std::to_string(n);
  }
  void age(database& db, const std::string& key, int hours) const {
    db.execute("update holdfast_operation set created_at = " + hours_ago(hours) + " where " +
               key_column() + " = '" + key + "'");
  }
};

bool soon(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!holds() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(20ms);
  return holds();
}

TEST_P(pruning, old_keys_go_and_their_tokens_are_unknown_while_young_ones_answer) {
  database db = forgetful();
  db.execute("create table note(text varchar(20))");
  db.with({.operation_key = "old"}).execute("insert into note values ('old')");
  age(db, "old", 2);
  db.with({.operation_key = "young"}).execute("insert into note values ('young')");
  const auto keys = [&] { return db.query_value<long>("select count(*) from holdfast_operation"); };
  EXPECT_TRUE(soon([&] { return keys() == 1; })) << *keys() << " keys are left";
  EXPECT_EQ(db.outcome_of("young"), outcome::committed);
  EXPECT_EQ(db.outcome_of("hf1.1000000000.old"), outcome::unknown);
  EXPECT_EQ(db.outcome_of("hf1.1000000000.young"), outcome::committed);
  // Made once, though its caller repeats it.
  db.with({.operation_key = "young"}).execute("insert into note values ('young')");
  EXPECT_EQ(db.query_value<long>("select count(*) from note"), 2);
}

TEST_P(pruning, writers_are_not_disturbed) {
  database db = forgetful();
  db.execute("create table note(text varchar(20))");
  std::vector<std::jthread> callers;
  for (int c = 0; c < 4; ++c)
    callers.emplace_back([&, c] {
      for (int i = 0; i < 50; ++i) {
        const std::string key = std::to_string(c) + "-" + std::to_string(i);
        db.with({.operation_key = key}).execute("insert into note values ('x')");
        age(db, key, 1);
      }
    });
  callers.clear();
  EXPECT_EQ(db.query_value<long>("select count(*) from note"), 200);
  const auto keys = [&] { return db.query_value<long>("select count(*) from holdfast_operation"); };
  EXPECT_TRUE(soon([&] { return keys() == 0; })) << *keys() << " keys are left";
}

TEST_P(pruning, what_fails_is_told_and_no_callers_matter) {
  database db = forgetful();
  std::atomic<int> failures = 0;
  db.on_event([&](const owned_event& e) {
    if (e.operation == "operation_keys.prune" && e.failure) ++failures;
  });
  db.script("alter table holdfast_operation rename to gone");
  EXPECT_TRUE(soon([&] { return failures > 0; }));
  EXPECT_EQ(db.query_value<long>("select 1"), 1);
}

INSTANTIATE_TEST_SUITE_P(engines, pruning, test::engines, test::engine_name);

} // namespace
} // namespace holdfast
