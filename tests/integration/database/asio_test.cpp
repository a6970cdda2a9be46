// The same coroutines inside an Asio program.
#include "integration/database/engines.hpp"
#include "sanitized.hpp"

#include <holdfast/asio.hpp>
#include <holdfast/exceptions.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using steady = std::chrono::steady_clock;

class asio_forms : public test::each_engine {
protected:
  template <class F>
  void run(F body) {
    asio::io_context context;
    std::exception_ptr failure;
    asio::co_spawn(context, body(db().async(context.get_executor())),
                   [&](std::exception_ptr e) { failure = e; });
    context.run();
    if (failure) std::rethrow_exception(failure);
  }
};

asio::awaitable<void> verbs(async_database db) {
  co_await db.script("create table t(id bigint primary key, v bigint)");
  const auto inserted = co_await db.execute("insert into t values ($1, $2)", 1, 10);
  EXPECT_EQ(inserted, 1U);
  const auto v = co_await db.query_value<long>("select v from t where id = $1", 1);
  EXPECT_EQ(v, 10);
  const auto all = co_await db.query<long, long>("select id, v from t");
  EXPECT_EQ(all.size(), 1U);
  bool threw = false;
  try {
    co_await db.execute("insert into t values (1, 1)");
  } catch (const constraint_error&) {
    threw = true;
  }
  EXPECT_TRUE(threw);
  const call_options patient{.deadline = 2s, .idempotent = true, .name = "t.count"};
  const auto count = co_await db.with(patient).query_value<long>("select count(*) from t");
  EXPECT_EQ(count, 1);
}

TEST_P(asio_forms, verbs_are_awaited) { run(verbs); }

const std::string up_to = "with recursive n(x) as (select cast(1 as bigint) union all "
                          "select x + 1 from n where x < $1) select x from n";

asio::awaitable<void> streams(async_database db) {
  auto rows = co_await db.stream<long>(up_to, 20000);
  long seen = 0;
  while (const auto x = co_await rows.next()) EXPECT_EQ(*x, ++seen);
  EXPECT_EQ(seen, 20000);
  {
    auto left = co_await db.stream<long>(up_to, 20000);
    EXPECT_EQ(co_await left.next(), 1);
    auto closed = co_await db.stream<long>(up_to, 20000);
    co_await closed.close();
    EXPECT_EQ(co_await closed.next(), std::nullopt);
  }
  bool threw = false;
  try {
    (void)co_await db.stream<long>("select nonsense from nowhere");
  } catch (const request_error&) {
    threw = true;
  }
  EXPECT_TRUE(threw);
  auto body = [](async_transaction& tx) -> asio::awaitable<long> {
    auto inner = co_await tx.stream<long>(up_to, 3000);
    long sum = 0;
    while (const auto x = co_await inner.next()) sum += *x;
    auto early = co_await tx.stream<long>(up_to, 3000);
    bool busy = false;
    try {
      (void)co_await tx.query_value<long>("select 1");
    } catch (const database_error& e) {
      busy = e.details().code == errc::transaction_in_use;
    }
    EXPECT_TRUE(busy);
    co_await early.close();
    EXPECT_EQ(co_await tx.query_value<long>("select 2"), 2);
    co_return sum;
  };
  EXPECT_EQ(co_await db.transaction(body), 3000L * 3001 / 2);
}

TEST_P(asio_forms, streams_are_awaited_row_by_row) {
  db().execute("select 1");
  run(streams);
  EXPECT_EQ(db().query_value<long>("select 1"), 1);
}

asio::awaitable<void> blocks(async_database db) {
  co_await db.script("create table t(id bigint primary key, v bigint)");
  auto add = [](async_transaction& tx) -> asio::awaitable<long> {
    co_await tx.execute("insert into t values (1, 1)");
    auto undone = [](async_transaction& inner) -> asio::awaitable<void> {
      co_await inner.execute("insert into t values (2, 2)");
      throw std::runtime_error{"undo"};
    };
    bool threw = false;
    try {
      co_await tx.savepoint(undone);
    } catch (const std::runtime_error&) {
      threw = true;
    }
    EXPECT_TRUE(threw);
    const auto n = co_await tx.query_value<long>("select count(*) from t");
    co_return *n;
  };
  const transaction_options keyed{.operation_key = "once"};
  const long first = co_await db.transaction(keyed, add);
  const long again = co_await db.transaction(keyed, add);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(again, 1);
  const auto known = co_await db.outcome_of("once");
  EXPECT_EQ(known, outcome::committed);
  auto fails = [](async_transaction& tx) -> asio::awaitable<void> {
    co_await tx.execute("delete from t");
    throw std::logic_error{"mine"};
  };
  bool mine = false;
  try {
    co_await db.transaction(fails);
  } catch (const std::logic_error&) {
    mine = true;
  }
  EXPECT_TRUE(mine);
  const auto left = co_await db.query_value<long>("select count(*) from t");
  EXPECT_EQ(left, 1);
}

TEST_P(asio_forms, transactions_and_savepoints) { run(blocks); }

asio::awaitable<void> linger(async_transaction& tx) {
  co_await tx.execute("insert into t values (2, 2)");
  asio::steady_timer long_time{co_await asio::this_coro::executor, 5s};
  co_await long_time.async_wait(asio::use_awaitable);
}

asio::awaitable<void> insert_and_linger(async_transaction& tx) {
  co_await tx.execute("insert into t values (1, 1)");
  co_await tx.savepoint(linger);
}

/// Cancels the savepoint's work alone, and goes on.
asio::awaitable<long> insert_and_hurry(async_transaction& tx) {
  using namespace asio::experimental::awaitable_operators;
  co_await tx.execute("insert into t values (1, 1)");
  asio::steady_timer soon{co_await asio::this_coro::executor, 50ms};
  auto work = tx.savepoint(linger);
  auto time = soon.async_wait(asio::use_awaitable);
  const auto first = co_await (std::move(work) || std::move(time));
  EXPECT_EQ(first.index(), 1U);
  const auto n = co_await tx.query_value<long>("select count(*) from t");
  co_return *n;
}

asio::awaitable<void> cancelled_savepoints(async_database db) {
  using namespace asio::experimental::awaitable_operators;
  co_await db.script("create table t(id bigint primary key, v bigint)");
  const auto began = steady::now();
  const long seen = co_await db.transaction(insert_and_hurry);
  EXPECT_EQ(seen, 1) << "the savepoint was not undone";
  EXPECT_LT(steady::now() - began, 3s) << "its work went on";
  const auto kept = co_await db.query_value<long>("select count(*) from t");
  EXPECT_EQ(kept, 1);
  co_await db.execute("delete from t");
  // Who cancels the transaction means what runs inside its savepoint, too.
  const auto again = steady::now();
  asio::steady_timer soon{co_await asio::this_coro::executor, 50ms};
  auto work = db.transaction(insert_and_linger);
  auto time = soon.async_wait(asio::use_awaitable);
  const auto first = co_await (std::move(work) || std::move(time));
  EXPECT_EQ(first.index(), 1U);
  EXPECT_LT(steady::now() - again, 3s);
  const auto left = co_await db.query_value<long>("select count(*) from t");
  EXPECT_EQ(left, 0);
}

TEST_P(asio_forms, the_work_of_a_savepoint_is_cancelled_alone_or_with_its_transaction) {
  run(cancelled_savepoints);
}

asio::awaitable<void> orphaned_stream(async_database db) {
  async_row_stream<row<long>> rows;
  auto open = [&rows](async_transaction& tx) -> asio::awaitable<void> {
    rows = co_await tx.stream<long>(up_to, 20000);
  };
  co_await db.transaction(open);
  std::optional<errc> told;
  try {
    while (co_await rows.next()) {
    } // those that had come are there still
  } catch (const database_error& e) {
    told = e.code();
  }
  EXPECT_EQ(told, errc::transaction_finished);
  co_await rows.close();
}

TEST_P(asio_forms, a_stream_that_outlives_its_transaction_says_so) { run(orphaned_stream); }

TEST_P(asio_forms, another_token) {
  asio::io_context context;
  auto value =
      db().async(context.get_executor()).with(asio::use_future).query_value<long>("select 7");
  context.run();
  EXPECT_EQ(value.get(), 7);
}

TEST_P(asio_forms, cancellation_ends_a_wait) {
  database one = connect({.pool = {.min_size = 1, .max_size = 1}});
  asio::io_context context;
  asio::cancellation_signal cancel;
  std::exception_ptr failure;
  one.transaction([&](transaction& tx) { // the only connection is out
    tx.query_value<long>("select 1");
    auto waits = [](async_database d) -> asio::awaitable<void> {
      co_await d.query<long>("select 1");
    };
    asio::co_spawn(
        context, waits(one.async(context.get_executor())),
        asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e) { failure = e; }));
    asio::steady_timer soon{context, 50ms};
    soon.async_wait([&](auto) { cancel.emit(asio::cancellation_type::terminal); });
    const auto began = steady::now();
    context.run();
    EXPECT_LT(steady::now() - began, 1s);
  });
  EXPECT_TRUE(failure);
}

INSTANTIATE_TEST_SUITE_P(each, asio_forms, test::engines, test::engine_name);

// Red zones and shadow memory multiply what each frame takes: AddressSanitizer 3.1 times.
constexpr std::size_t memory_factor = testing::sanitized ? 5 : 1;

std::size_t resident_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  return 0;
}

// 10,000 operations wait on 4 connections.
TEST(asio_crowd, waits_in_little_memory_and_ends_by_its_deadline) {
  constexpr int crowd = 10'000;
  database_options o = test::quiet();
  o.pool = {.min_size = 4, .max_size = 4};
  o.pool.wait_queue_limit = crowd;
  o.pool.acquire_timeout = 30s;
  database db = postgres::connect(test::server().url(), o);
  asio::io_context context;
  const auto handle = db.async(context.get_executor());
  EXPECT_EQ(db.query_value<long>("select 1"), 1);
  const std::size_t idle = resident_kib();
  std::size_t peak = idle;
  int succeeded = 0;
  int late = 0;
  const auto began = steady::now();
  auto one = [&]() -> asio::awaitable<void> {
    const call_options limit{.deadline = 30s};
    const auto v = co_await handle.with(limit).query_value<long>("select 1");
    if (v == 1) ++succeeded;
    if (steady::now() - began > 30s + 50ms) ++late;
    if (succeeded % 500 == 0) peak = std::max(peak, resident_kib());
  };
  for (int i = 0; i < crowd; ++i) asio::co_spawn(context, one(), asio::detached);
  context.run();
  EXPECT_EQ(succeeded, crowd);
  EXPECT_EQ(late, 0);
  EXPECT_LT(peak - idle, memory_factor * 64U * 1024U);
  RecordProperty("peak_kib", static_cast<int>(peak - idle));
  RecordProperty(
      "milliseconds",
      static_cast<int>(
          std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - began).count()));
}

} // namespace
} // namespace holdfast
