// Streams: rows by and by, a lease that comes back, and what happens to those who leave early.
#include "integration/database/engines.hpp"

#include <holdfast/exceptions.hpp>

#include <fstream>
#include <thread>
#include <unistd.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

const std::string up_to = "with recursive n(x) as (select cast(1 as bigint) union all "
                          "select x + 1 from n where x < $1) ";

class streams : public test::each_engine {
protected:
  /// One connection: whatever it is left with shows at the next call.
  database& one() {
    if (!one_) one_ = std::make_unique<database>(connect({.pool = {.min_size = 1, .max_size = 1}}));
    return *one_;
  }
  pool_snapshot pool() { return one().status().hosts.front().pool; }
  std::uint64_t session() {
    if (!is_postgres()) return 0;
    return static_cast<std::uint64_t>(*one().query_value<long>("select pg_backend_pid()"));
  }
  void TearDown() override {
    one_.reset();
    each_engine::TearDown();
  }

private:
  std::unique_ptr<database> one_;
};

long resident_kib() {
  std::ifstream in{"/proc/self/statm"};
  long all = 0;
  long resident = 0;
  in >> all >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

TEST_P(streams, all_rows_come_in_order_and_the_lease_goes_back) {
  long expected = 0;
  auto rows = one().stream<long>(up_to + "select x from n", 5000);
  EXPECT_EQ(pool().in_use, 1U);
  for (const long x : rows) ASSERT_EQ(x, ++expected);
  EXPECT_EQ(expected, 5000);
  EXPECT_EQ(pool().in_use, 0U);
  EXPECT_EQ(rows.next(), std::nullopt);
}

TEST_P(streams, tuples_aggregates_and_results_without_rows) {
  struct pair {
    long id = 0;
    std::string name;
  };
  for (auto& [id, name] : one().stream<long, std::string>("select 1, 'a' union select 2, 'b'"))
    EXPECT_EQ(name, id == 1 ? "a" : "b");
  for (const pair& p : one().stream<pair>("select 7, 'x'")) EXPECT_EQ(p.id, 7);
  for (const long x : one().stream<long>("select 1 where 1 = 0")) ADD_FAILURE() << x;
  EXPECT_EQ(pool().in_use, 0U);
}

TEST_P(streams, two_hundred_megabytes_pass_through_little_memory) {
  const std::string text = is_postgres() ? "repeat('x', 2000)" : "hex(zeroblob(1000))";
  auto rows = one().stream<std::string>(up_to + "select " + text + " from n", 100000);
  const long before = resident_kib();
  long most = 0;
  std::size_t bytes = 0;
  while (auto row = rows.next()) {
    bytes += row->size();
    if (bytes % 2'000'000 == 0) most = std::max(most, resident_kib() - before);
  }
  EXPECT_EQ(bytes, 200'000'000U);
#if !defined(__SANITIZE_ADDRESS__) // which keeps what was freed
  EXPECT_LT(most, 16 * 1024);
#endif
}

TEST_P(streams, left_early_the_same_connection_serves_on) {
  const auto before = session();
  for (const long x : one().stream<long>(up_to + "select x from n", 4000)) {
    if (x == 3) break;
  }
  EXPECT_EQ(one().query_value<long>("select 1"), 1);
  EXPECT_EQ(session(), before);
}

TEST_P(streams, left_early_with_too_much_to_read_the_connection_is_replaced) {
  const auto before = session();
  {
    auto rows = one().stream<long>(up_to + "select x from n", 100'000'000);
    EXPECT_EQ(rows.next(), 1);
  }
  EXPECT_EQ(one().query_value<long>("select 1"), 1);
  if (is_postgres()) {
    EXPECT_NE(session(), before);
  }
}

TEST_P(streams, closed_early_the_lease_is_back_at_once) {
  auto rows = one().stream<long>(up_to + "select x from n", 4000);
  rows.close();
  EXPECT_EQ(pool().in_use, 0U);
  EXPECT_EQ(rows.next(), std::nullopt);
}

TEST_P(streams, an_error_in_the_middle_ends_it_and_stays) {
  auto rows = one().stream<long>(up_to + "select case when x < 2500 then 1 else cast(null as "
                                         "bigint) end from n",
                                 3000);
  long seen = 0;
  result<std::optional<long>> last{std::optional<long>{}};
  while ((last = rows.try_next()) && *last) ++seen;
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, errc::unexpected_null) << to_string(last.error());
  EXPECT_LT(seen, 2500);
  EXPECT_EQ(rows.try_next().error().code, errc::unexpected_null);
  EXPECT_EQ(pool().in_use, 0U);
  EXPECT_EQ(one().query_value<long>("select 1"), 1);
}

TEST_P(streams, what_cannot_be_is_refused_at_the_opening) {
  auto& d = one();
  EXPECT_EQ((d.try_stream<long, long>("select 1").error().code), errc::column_count);
  EXPECT_EQ(d.try_stream<long>("select nonsense from nowhere").error().kind, category::request);
  EXPECT_EQ(d.try_stream<long>("select 1", 2).error().code, errc::parameter_count);
  auto keyed = d.with({.operation_key = "k"});
  EXPECT_EQ(keyed.try_stream<long>("select 1").error().code, errc::invalid_configuration);
  EXPECT_EQ(pool().in_use, 0U);
  EXPECT_EQ(d.query_value<long>("select 1"), 1);
}

TEST_P(streams, rows_of_a_write_are_written) {
  one().execute("create table t(id bigint primary key)");
  long sum = 0;
  for (const long id : one().stream<long>("insert into t values (1), (2), (3) returning id"))
    sum += id;
  EXPECT_EQ(sum, 6);
  EXPECT_EQ(one().query_value<long>("select count(*) from t"), 3);
}

TEST_P(streams, in_a_transaction_nothing_else_runs_meanwhile) {
  one().execute("create table t(id bigint primary key)");
  one().transaction([](transaction& tx) {
    tx.execute("insert into t values (1)");
    auto rows = tx.stream<long>(up_to + "select x from n", 3000);
    EXPECT_EQ(rows.next(), 1);
    EXPECT_EQ(tx.try_execute("insert into t values (2)").error().code, errc::transaction_in_use);
    long seen = 1;
    while (rows.next()) ++seen;
    EXPECT_EQ(seen, 3000);
    tx.execute("insert into t values (3)");
  });
  EXPECT_EQ(one().query_value<long>("select sum(id) from t"), 4);
}

TEST_P(streams, left_early_in_a_transaction_the_block_goes_on_and_commits) {
  one().execute("create table t(id bigint primary key)");
  one().transaction([](transaction& tx) {
    for (const long x : tx.stream<long>(up_to + "select x from n", 50000))
      if (x == 2) break;
    tx.execute("insert into t values (1)");
    try {
      tx.savepoint([](transaction& inner) {
        for (const long x : inner.stream<long>(up_to + "select x from n", 50000))
          if (x == 2) throw std::runtime_error{"enough"};
      });
    } catch (const std::runtime_error&) {
    }
    for (const long x : tx.stream<long>(up_to + "select x from n", 50000))
      if (x == 2) break;
  });
  EXPECT_EQ(one().query_value<long>("select count(*) from t"), 1);
}

TEST_P(streams, the_transaction_takes_its_stream_along) {
  std::optional<row_stream<long>> kept;
  one().transaction([&](transaction& tx) {
    kept.emplace(tx.stream<long>(up_to + "select x from n", 50000));
    EXPECT_EQ(kept->next(), 1);
  });
  result<std::optional<long>> last{std::optional<long>{}};
  while ((last = kept->try_next()) && *last) {
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, errc::transaction_finished);
}

TEST_P(streams, outlives_the_handle_that_it_came_from) {
  std::optional<row_stream<long>> rows;
  {
    database d = connect();
    rows.emplace(d.stream<long>(up_to + "select x from n", 3000));
  }
  long seen = 0;
  while (rows->next()) ++seen;
  EXPECT_EQ(seen, 3000);
}

/// PostgreSQL sends what fills its buffer of 8 KiB, so each of these rows does.
std::string slow_after(int row, double pause) {
  return up_to + "select x, repeat('y', 9000) from n where pg_sleep(case when x < " +
         std::to_string(row) + " then " + std::to_string(pause) + " else 9 end) is not null";
}

TEST_P(streams, the_deadline_holds_for_each_wait) {
  if (!is_postgres()) GTEST_SKIP() << "SQLite does not wait between rows";
  auto hasty = one().with({.deadline = 400ms});
  auto rows = hasty.stream<long, std::string>(slow_after(6, 0.15), 10);
  const auto began = std::chrono::steady_clock::now();
  long seen = 0;
  decltype(rows.try_next()) last{std::nullopt};
  while ((last = rows.try_next()) && *last) ++seen;
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, errc::deadline_exceeded);
  EXPECT_EQ(seen, 4); // 750 ms in all, each within its 400; the fifth is in the server's buffer
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  EXPECT_EQ(one().query_value<long>("select 1"), 1);
}

TEST_P(streams, a_stop_request_ends_the_wait) {
  if (!is_postgres()) GTEST_SKIP() << "SQLite does not wait between rows";
  std::stop_source stop;
  auto view = one().with({}, stop.get_token());
  auto rows = view.stream<long, std::string>(slow_after(2, 0), 10);
  std::jthread other{[&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  }};
  decltype(rows.try_next()) last{std::nullopt};
  while ((last = rows.try_next()) && *last) {
  }
  EXPECT_EQ(last.error().code, errc::cancelled);
  EXPECT_EQ(one().query_value<long>("select 1"), 1);
}

INSTANTIATE_TEST_SUITE_P(each, streams, test::engines, test::engine_name);

} // namespace
} // namespace holdfast
