// A context of Asio's that is destroyed with calls under way: they end with it, and the database
// lives on.
#include "integration/database/engines.hpp"

#include <holdfast/asio.hpp>
#include <holdfast/exceptions.hpp>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// What the user's coroutine holds.
class possession {
public:
  explicit possession(std::atomic<int>& alive) : alive_{alive} { ++alive_; }
  possession(const possession&) = delete;
  possession& operator=(const possession&) = delete;
  ~possession() { --alive_; }

private:
  std::atomic<int>& alive_;
};

class asio_end : public test::each_engine {
protected:
  void SetUp() override {
    each_engine::SetUp();
    db().script("create table t(id bigint primary key)");
  }

  /// `body` is an awaitable of a call that would take half a minute.
  template <class F>
  void start(asio::io_context& context, F body) {
    asio::co_spawn(
        context,
        [this, body, &context]() -> asio::awaitable<void> {
          const possession mine{alive_};
          const async_database d = db().async(context.get_executor());
          auto call = body(d);
          co_await std::move(call);
          ADD_FAILURE() << "the call ended";
        },
        asio::detached);
  }

  template <class F>
  void leave(F body) {
    {
      asio::io_context context;
      start(context, body);
      context.run_for(150ms);
      EXPECT_EQ(alive_, 1);
    }
    expect_well();
  }

  /// Nothing of a call is left, and the database serves.
  void expect_well(long rows = 1) {
    EXPECT_EQ(alive_, 0) << "the user's coroutine was not destroyed";
    const auto until = clock::now() + 3s;
    while (db().status().hosts[0].pool.in_use != 0 && clock::now() < until)
      std::this_thread::sleep_for(1ms);
    EXPECT_EQ(db().status().hosts[0].pool.in_use, 0U);
    db().with({.deadline = 3s}).execute("insert into t values (100)");
    EXPECT_EQ(db().query_value<long>("select count(*) from t"), rows);
    EXPECT_TRUE(db().close(3s));
  }

  [[nodiscard]] std::string long_statement() const {
    return is_postgres() ? "select count(*) from (select pg_sleep(30)) x"
                         : "with recursive n(x) as (select 1 union all select x + 1 from n where "
                           "x < 100000000000) select count(*) from n";
  }

  std::atomic<int> alive_{0};
};

asio::awaitable<void> sleep_long() {
  asio::steady_timer timer{co_await asio::this_coro::executor, 30s};
  co_await timer.async_wait(asio::use_awaitable);
}

TEST_P(asio_end, while_a_statement_runs) {
  const std::string text = long_statement();
  leave([text](async_database d) -> asio::awaitable<void> {
    (void)co_await d.query_value<long>(text);
  });
}

TEST_P(asio_end, while_a_statement_of_a_transaction_runs) {
  auto body = [text = long_statement()](async_transaction& tx) -> asio::awaitable<void> {
    co_await tx.execute("insert into t values (1)");
    (void)co_await tx.query_value<long>(text);
  };
  leave([&body](async_database d) -> asio::awaitable<void> { co_await d.transaction(body); });
}

TEST_P(asio_end, while_a_transaction_waits_for_something_of_the_users) {
  auto body = [](async_transaction& tx) -> asio::awaitable<void> {
    co_await tx.execute("insert into t values (1)");
    co_await sleep_long();
  };
  leave([&body](async_database d) -> asio::awaitable<void> { co_await d.transaction(body); });
}

TEST_P(asio_end, while_a_savepoint_waits_for_something_of_the_users) {
  auto inner = [](async_transaction& tx) -> asio::awaitable<void> {
    co_await tx.execute("insert into t values (2)");
    co_await sleep_long();
  };
  auto body = [&inner](async_transaction& tx) -> asio::awaitable<void> {
    co_await tx.execute("insert into t values (1)");
    co_await tx.savepoint(inner);
  };
  leave([&body](async_database d) -> asio::awaitable<void> { co_await d.transaction(body); });
}

TEST_P(asio_end, while_two_attempts_of_a_read_race) {
  const std::string text =
      is_postgres() ? "select count(*) from (select pg_sleep($1)) x"
                    : "with recursive n(x) as (select 1 union all select x + 1 from n where "
                      "x < $1) select count(*) from n";
  const double half_a_minute = is_postgres() ? 30.0 : 1e11;
  const call_options twice{.hedge = true};
  for (int i = 0; i < 30; ++i) // else nobody knows how long it takes
    (void)db().with(twice).query_value<long>(text, 0.0);
  const auto before = db().status().hedges;
  {
    asio::io_context context;
    start(context, [=](async_database d) -> asio::awaitable<void> {
      (void)co_await d.with(twice).query_value<long>(text, half_a_minute);
    });
    context.run_for(300ms);
    EXPECT_EQ(db().status().hedges, before + 1);
  }
  expect_well();
}

TEST_P(asio_end, with_a_stream_half_read) {
  leave([](async_database d) -> asio::awaitable<void> {
    auto rows =
        co_await d.stream<long>("with recursive n(x) as (select cast(1 as bigint) union "
                                "all select x + 1 from n where x < 100000) select x from n");
    EXPECT_EQ(co_await rows.next(), 1);
    co_await sleep_long();
  });
}

TEST_P(asio_end, before_a_call_began) {
  {
    asio::io_context context;
    start(context, [](async_database d) -> asio::awaitable<void> {
      co_await d.execute("insert into t values (1)");
    });
    while (alive_ == 0) context.run_one();
  }
  expect_well();
}

TEST_P(asio_end, while_calls_wait_for_a_connection) {
  database one = connect({.pool = {.min_size = 1, .max_size = 1}});
  one.transaction([&](transaction& tx) { // the only connection is out
    tx.query_value<long>("select 1");
    asio::io_context context;
    const auto handle = one.async(context.get_executor());
    for (int i = 0; i < 20; ++i)
      start(context, [handle](const async_database&) -> asio::awaitable<void> {
        (void)co_await handle.with({.deadline = 30s}).query_value<long>("select 1");
      });
    context.run_for(150ms);
    EXPECT_EQ(one.status().hosts[0].pool.waiting, 20U);
  });
  EXPECT_EQ(one.status().hosts[0].pool.waiting, 0U);
  EXPECT_EQ(one.query_value<long>("select 1"), 1);
  expect_well();
}

TEST_P(asio_end, while_a_transaction_waits_for_its_turn_to_write) {
  db().transaction([&](transaction& tx) {
    tx.execute("insert into t values (1)");
    asio::io_context context;
    start(context, [](async_database d) -> asio::awaitable<void> {
      co_await d.execute("insert into t values (1)"); // waits for the other's end
    });
    context.run_for(150ms);
    EXPECT_EQ(alive_, 1);
  });
  expect_well(2);
}

TEST_P(asio_end, of_a_thread_pool) {
  const std::string text = long_statement();
  {
    asio::thread_pool threads{2};
    const auto handle = db().async(threads.get_executor());
    for (int i = 0; i < 4; ++i)
      asio::co_spawn(
          threads,
          [this, handle, text]() -> asio::awaitable<void> {
            const possession mine{alive_};
            (void)co_await handle.query_value<long>(text);
          },
          asio::detached);
    std::this_thread::sleep_for(150ms);
    EXPECT_EQ(alive_, 4);
    threads.stop();
  }
  expect_well();
}

// SQLite's calls take a worker each, of which there are fewer than the other context has calls.
TEST_P(asio_end, while_the_calls_of_another_context_keep_all_workers) {
  const std::string text = long_statement();
  const auto lasting = [text](async_database d) -> asio::awaitable<void> {
    (void)co_await d.query_value<long>(text);
  };
  {
    asio::io_context others;
    for (int i = 0; i < 10; ++i) start(others, lasting);
    others.run_for(150ms);
    time_point left;
    {
      asio::io_context context;
      start(context, lasting);
      context.run_for(50ms);
      left = clock::now();
    }
    EXPECT_LT(clock::now() - left, 3s);
    EXPECT_EQ(alive_, 10);
  }
  expect_well();
}

TEST_P(asio_end, before_the_signal_that_could_have_cancelled) {
  asio::cancellation_signal cancel;
  {
    asio::io_context context;
    const auto mine = std::make_shared<possession>(alive_);
    const auto never = [mine](std::exception_ptr, std::optional<long>) { ADD_FAILURE(); };
    db().async(context.get_executor())
        .with(asio::bind_cancellation_slot(cancel.slot(), never))
        .query_value<long>(long_statement());
    context.run_for(150ms);
  }
  cancel.emit(asio::cancellation_type::terminal);
  expect_well();
}

// The handler is of another context, so that a call that is on a worker alone keeps this one busy.
TEST_P(asio_end, does_not_come_by_itself_while_a_call_is_on_a_worker) {
  asio::io_context context;
  asio::io_context home;
  bool told = false;
  const auto handler = [&](std::exception_ptr e, std::optional<long> n) {
    EXPECT_FALSE(e);
    EXPECT_EQ(n, 1);
    told = true;
  };
  db().async(context.get_executor())
      .with(asio::bind_executor(home.get_executor(), handler))
      .query_value<long>(is_postgres() ? "select count(*) from (select pg_sleep(0.1)) x"
                                       : "with recursive n(x) as (select 1 union all select x + 1 "
                                         "from n where x < 300000) select min(1, count(*)) from n");
  context.run();
  home.run_for(2s);
  EXPECT_TRUE(told) << "the context ran out of work before the call had ended";
}

// A transaction that has just begun when the context goes: nobody expects the block to be called.
TEST_P(asio_end, never_calls_anything_of_the_users) {
  bool leaving = false;
  int called_late = 0;
  auto body = [&](async_transaction& tx) -> asio::awaitable<void> {
    called_late += leaving ? 1 : 0;
    return [](async_transaction& inner) -> asio::awaitable<void> {
      co_await inner.execute("insert into t values (1)");
    }(tx);
  };
  for (int steps = 0; steps < 25; ++steps) { // it began after one of them
    asio::io_context context;
    leaving = false;
    auto begin = [&](async_database d) -> asio::awaitable<void> { co_await d.transaction(body); };
    asio::co_spawn(context, begin(db().async(context.get_executor())), asio::detached);
    for (int i = 0; i < steps; ++i) context.run_one_for(50ms);
    std::this_thread::sleep_for(3ms); // whatever a worker does is done
    leaving = true;
  }
  EXPECT_EQ(called_late, 0);
}

// Threads of the blocking form give connections back to calls whose context goes at that moment.
TEST_P(asio_end, amid_traffic) {
  database few = connect({.pool = {.min_size = 2, .max_size = 2}});
  std::vector<std::jthread> others;
  others.reserve(3);
  for (int i = 0; i < 3; ++i)
    others.emplace_back([&few](const std::stop_token& stop) {
      while (!stop.stop_requested()) (void)few.query_value<long>("select 1");
    });
  for (int round = 0; round < 60; ++round) {
    asio::io_context context;
    const auto handle = few.async(context.get_executor());
    auto body = [](async_transaction& tx) -> asio::awaitable<void> {
      (void)co_await tx.query_value<long>("select 1");
    };
    const auto caller = [&]() -> asio::awaitable<void> {
      const possession mine{alive_};
      for (;;) {
        (void)co_await handle.query_value<long>("select 1");
        co_await handle.transaction(body);
      }
    };
    for (int i = 0; i < 8; ++i) asio::co_spawn(context, caller(), asio::detached);
    context.run_for(std::chrono::microseconds{100 * (round % 30)});
  }
  for (auto& one : others) one.request_stop();
  others.clear();
  EXPECT_EQ(few.status().hosts[0].pool.in_use, 0U);
  EXPECT_EQ(few.status().hosts[0].pool.waiting, 0U);
  EXPECT_TRUE(few.close(3s));
  expect_well();
}

// The threads that are at work on the calls are not in the child.
TEST_P(asio_end, in_the_child_of_a_fork) {
  {
    asio::io_context context;
    start(context, [text = long_statement()](async_database d) -> asio::awaitable<void> {
      (void)co_await d.query_value<long>(text);
    });
    context.run_for(150ms);
    const pid_t child = ::fork();
    if (child == 0) {
      context.~io_context();
      ::_exit(7);
    }
    int status = 0;
    const auto until = clock::now() + 5s;
    while (::waitpid(child, &status, WNOHANG) == 0 && clock::now() < until)
      std::this_thread::sleep_for(5ms);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << "the child hangs";
    ::kill(child, SIGKILL);
  }
  expect_well();
}

INSTANTIATE_TEST_SUITE_P(each, asio_end, test::engines, test::engine_name);

} // namespace
} // namespace holdfast
