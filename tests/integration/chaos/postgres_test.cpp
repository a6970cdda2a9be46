// The places of PostgreSQL's protocol, on a real server: what was cut before COMMIT is not in
// force, what was cut behind it is.
#include "sanitized.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/asio.hpp>
#include <holdfast/exceptions.hpp>
#include <holdfast/fault_proxy.hpp>
#include <holdfast/postgres.hpp>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <memory>
#include <thread>
#include <vector>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

class postgres_faults : public ::testing::Test {
protected:
  static void SetUpTestSuite() {
    server = std::make_unique<testing::postgres_server>(
        testing::postgres_server_options{.fsync = false});
    server->start();
    server->wait_ready();
  }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override {
    direct.script("drop table if exists t; create table t(id bigint primary key)");
  }

  static database connect(std::uint16_t port, const std::string& application = "faulty") {
    database_options o;
    o.log.enabled = false;
    o.start = start_mode::lazy;
    o.pool.min_size = 0;
    o.retry.on_outage = on_outage::fail_fast;
    o.breaker.start_as = breaker_options::mode::disabled;
    return postgres::connect("postgresql://postgres@127.0.0.1:" + std::to_string(port) +
                                 "/postgres?application_name=" + application,
                             o);
  }
  bool there(int id) {
    return direct.query_value<long>("select count(*) from t where id = $1", id).value() == 1;
  }
  /// The server ends a session of its own accord; until then its work may be in the air.
  void wait_for_sessions_to_end() {
    const auto left = [&] {
      return direct
          .query_value<std::string>("select coalesce(string_agg(application_name || ' ' || state "
                                    "|| ' ' || query, ', '), '') "
                                    "from pg_stat_activity where backend_type = 'client backend' "
                                    "and application_name <> 'boss'")
          .value();
    };
    for (int i = 0; i < 1000 && !left().empty(); ++i) std::this_thread::sleep_for(2ms);
    EXPECT_EQ(left(), "");
  }
  /// Inserts in a transaction; how often its block ran.
  static int insert(database& db, int id) {
    int ran = 0;
    db.transaction([&](transaction& tx) {
      ++ran;
      tx.execute("insert into t values ($1)", id);
    });
    return ran;
  }

  static std::unique_ptr<testing::postgres_server> server;
  database direct = connect(server->port(), "boss");
  fault_proxy proxy{{.to = {"127.0.0.1", server->port()}}};
};

std::unique_ptr<testing::postgres_server> postgres_faults::server;

TEST_F(postgres_faults, a_connection_works_through_it) {
  auto db = connect(proxy.port());
  EXPECT_EQ(db.query_value<long>("select 41 + 1"), 42);
  EXPECT_EQ(db.query<long>("select generate_series(1, 100000)").size(), 100000U);
}

/// A client that does not resolve anything: one transaction by hand.
class raw_client {
public:
  explicit raw_client(std::uint16_t port)
      : c_{PQconnectdb(("host=127.0.0.1 user=postgres dbname=postgres sslmode=disable "
                        "gssencmode=disable application_name=raw port=" +
                        std::to_string(port))
                           .c_str())} {
    EXPECT_EQ(PQstatus(c_), CONNECTION_OK) << PQerrorMessage(c_);
  }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;
  ~raw_client() { PQfinish(c_); }

  bool run(const std::string& sql, bool extended) {
    PGresult* r = extended ? PQexecParams(c_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0)
                           : PQexec(c_, sql.c_str());
    const bool done = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    return done;
  }

private:
  PGconn* c_;
};

TEST_F(postgres_faults, commit_is_cut_on_the_side_that_was_asked_for_20_times_each) {
  int id = 0;
  for (const char* place : {"before_commit", "after_commit"}) {
    const bool in_force = std::string_view{place} == "after_commit";
    for (int i = 0; i < 20; ++i, ++id) {
      const bool extended = i % 2 == 0;
      const auto rule = proxy.add("reset at=" + std::string{place} + " times=1");
      {
        raw_client c{proxy.port()};
        EXPECT_TRUE(c.run("begin", extended));
        EXPECT_TRUE(c.run("insert into t values (" + std::to_string(id) + ")", extended));
        EXPECT_FALSE(c.run("commit", extended));
      }
      EXPECT_TRUE(proxy.remove(rule));
      wait_for_sessions_to_end();
      EXPECT_EQ(there(id), in_force) << id;
    }
  }
  EXPECT_EQ(proxy.records().size(), 40U);
}

TEST_F(postgres_faults, a_commit_that_never_arrived_is_found_out_and_made_again) {
  auto db = connect(proxy.port());
  proxy.add("reset at=before_commit times=1");
  EXPECT_EQ(insert(db, 1), 2);
  EXPECT_TRUE(there(1));
  EXPECT_EQ(db.status().outcomes_resolved, 1U);
}

TEST_F(postgres_faults, a_commit_whose_reply_was_lost_is_found_out_and_not_made_again) {
  auto db = connect(proxy.port());
  proxy.add("reset at=after_commit times=1");
  EXPECT_EQ(insert(db, 1), 1);
  EXPECT_TRUE(there(1));
  EXPECT_EQ(db.status().outcomes_resolved, 1U);
}

TEST_F(postgres_faults, a_rule_finds_the_commit_of_connections_that_were_there_before_it) {
  auto db = connect(proxy.port());
  EXPECT_EQ(db.query_value<long>("select 1"), 1);
  proxy.add("reset at=before_commit times=1");
  insert(db, 7);
  EXPECT_EQ(proxy.records().size(), 1U);
}

TEST_F(postgres_faults, a_held_reply_runs_into_the_callers_deadline_and_the_write_is_in_force) {
  proxy.add("black_hole at=after_commit direction=to_client");
  auto db = connect(proxy.port());
  std::string token;
  try {
    db.transaction({.deadline = 300ms},
                   [](transaction& tx) { tx.execute("insert into t values (9)"); });
    ADD_FAILURE() << "the reply was not held";
  } catch (const database_error& e) {
    EXPECT_EQ(e.details().effect, side_effect::unknown);
    token = e.outcome_token();
  }
  proxy.heal();
  EXPECT_EQ(db.outcome_of(token), outcome::committed);
  EXPECT_TRUE(there(9));
}

TEST_F(postgres_faults, a_traceable_statement_that_never_arrived_is_found_out_and_made_again) {
  auto db = connect(proxy.port());
  proxy.add("reset at=before_commit times=1");
  EXPECT_EQ(db.with({.traceable = true}).execute("insert into t values (1)"), 1U);
  EXPECT_EQ(db.status().outcomes_resolved, 1U);
  EXPECT_TRUE(there(1));
}

TEST_F(postgres_faults,
       a_traceable_statement_whose_reply_was_lost_is_found_out_and_not_made_again) {
  auto db = connect(proxy.port());
  proxy.add("reset at=after_commit times=1");
  const auto given = db.with({.traceable = true})
                         .query_value<long>("insert into t values ($1) returning id * 10", 1);
  EXPECT_EQ(given, 10) << "what it gave the first time";
  EXPECT_EQ(db.status().outcomes_resolved, 1U);
  EXPECT_TRUE(there(1));
}

TEST_F(postgres_faults, a_traceable_statement_that_stays_unknown_has_a_token) {
  auto db = connect(proxy.port());
  proxy.add("black_hole at=after_commit direction=to_client times=1");
  const auto done =
      db.with({.deadline = 300ms, .traceable = true}).try_execute("insert into t values (1)");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, errc::outcome_unknown);
  proxy.heal();
  EXPECT_EQ(db.outcome_of(done.error().outcome_token), outcome::committed);
  EXPECT_TRUE(there(1));
}

TEST_F(postgres_faults, a_write_that_nothing_names_stays_unknown_and_says_what_to_do) {
  auto db = connect(proxy.port());
  db.execute("insert into t values ($1)", 1); // prepared
  proxy.add("reset direction=to_client after=1B times=1");
  const auto done = db.try_execute("insert into t values ($1)", 2);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().effect, side_effect::unknown);
  EXPECT_EQ(done.error().outcome_token, "");
  EXPECT_NE(done.error().message.find("look at the data"), std::string::npos)
      << done.error().message;
  EXPECT_NE(done.error().message.find(".traceable"), std::string::npos) << done.error().message;
}

TEST_F(postgres_faults, a_traceable_statement_that_fails_says_why_and_spares_its_connection) {
  auto db = connect(proxy.port());
  auto traced = db.with({.traceable = true});
  traced.execute("insert into t values (1)");
  for (int i = 0; i < 2; ++i) { // the second time it begins with its BEGIN
    const auto twice = traced.try_execute("insert into t values (1)");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, errc::unique_violation);
    EXPECT_EQ(twice.error().effect, side_effect::none);
    EXPECT_EQ(traced.try_execute("insert into t values ($1)", "one").error().code,
              errc::parameter_type);
  }
  EXPECT_EQ(traced.execute("insert into t values (2)"), 1U);
  EXPECT_TRUE(there(2));
  EXPECT_EQ(proxy.status().accepted, 1U) << "one connection for all of it";
}

TEST_F(postgres_faults, a_traceable_statement_costs_one_round_trip_more) {
  auto db = connect(proxy.port());
  const auto fastest = [&](bool traceable) {
    duration best = 10s;
    for (int i = 0; i < 5; ++i) {
      const time_point began = clock::now();
      db.with({.traceable = traceable}).execute("insert into t values (1) on conflict do nothing");
      best = std::min(best, duration{clock::now() - began});
    }
    return best;
  };
  proxy.add("delay time=20ms direction=to_client");
  const auto plain = fastest(false);
  const auto traced = fastest(true);
  EXPECT_GE(plain, 20ms);
  EXPECT_GE(traced, 40ms);
  EXPECT_LT(traced, 60ms);
}

TEST_F(postgres_faults, a_traceable_script_or_stream_is_refused) {
  auto db = connect(proxy.port());
  EXPECT_EQ(db.with({.traceable = true}).try_script("select 1").error().code,
            errc::invalid_configuration);
}

TEST_F(postgres_faults, many_lost_commits_lose_and_double_nothing) {
  constexpr int callers = 8;
  constexpr int each = 40;
  auto db = connect(proxy.port());
  std::atomic<int> committed{0};
  std::atomic<int> undone{0};
  db.on_event([&](const owned_event& e) {
    if (e.kind != event_kind::outcome_resolved) return;
    ++(e.reason == event_reason::committed ? committed : undone);
  });
  proxy.add("reset at=before_commit probability=0.2");
  proxy.add("reset at=after_commit probability=0.2");
  std::vector<std::thread> threads;
  for (int c = 0; c < callers; ++c)
    threads.emplace_back([&, c] {
      for (int i = 0; i < each; ++i) EXPECT_NO_THROW(insert(db, c * each + i));
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(direct.query_value<long>("select count(*) from t"), callers * each);
  EXPECT_EQ(db.status().outcomes_unknown, 0U);
  for (int i = 0; i < 500 && (committed == 0 || undone == 0); ++i) std::this_thread::sleep_for(2ms);
  EXPECT_GT(committed, 0);
  EXPECT_GT(undone, 0);
}

TEST_F(postgres_faults, a_result_is_cut_inside_its_row) {
  for (const char* verb : {"reset", "truncate"}) {
    proxy.add(std::string{verb} + " at=in_row row=500 times=1");
    auto db = connect(proxy.port());
    long rows = 0;
    const auto failure = [&]() -> errc {
      try {
        for ([[maybe_unused]] const long n : db.stream<long>("select generate_series(1, 1000)"))
          ++rows;
      } catch (const database_error& e) {
        return e.code();
      }
      return errc{};
    }();
    EXPECT_EQ(failure, errc::connection_lost);
    EXPECT_LT(rows, 500);
    EXPECT_EQ(db.query_value<long>("select 1"), 1);
    proxy.heal();
  }
  EXPECT_EQ(proxy.records().size(), 2U);
}

TEST_F(postgres_faults, a_row_without_a_sane_length_is_no_result) {
  proxy.add("corrupt at=row_length row=1 mask=255 times=1"); // negative
  proxy.add("corrupt at=row_length row=2 mask=127 times=1"); // two gigabytes
  auto db = connect(proxy.port());
  EXPECT_EQ(db.query_value<long>("select 1"), 1); // lost at once, and read again
  EXPECT_EQ(proxy.records().size(), 1U);
  // libpq waits for the rest of it; our deadline does not.
  const auto late = db.with({.deadline = 300ms}).try_query<long>("select generate_series(1, 2)");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, errc::deadline_exceeded);
  EXPECT_EQ(db.query_value<long>("select 2"), 2);
}

TEST_F(postgres_faults, a_delayed_cancel_request_is_told_from_a_session) {
  proxy.add("black_hole at=cancel");
  auto db = connect(proxy.port());
  EXPECT_FALSE(db.with({.deadline = 100ms}).try_query_value<long>("select 1 from pg_sleep(1)"));
  for (int i = 0; i < 200 && proxy.records().empty(); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(proxy.records().empty());
  EXPECT_EQ(db.query_value<long>("select 3"), 3);
}

// Blocking callers let the socket itself wait; an event loop that uses it next must not inherit it.
TEST_F(postgres_faults, a_connection_of_blocking_callers_holds_up_no_event_loop) {
  database_options one;
  one.log.enabled = false;
  one.pool.min_size = 1;
  one.pool.max_size = 1;
  auto db = postgres::connect("postgresql://postgres@127.0.0.1:" + std::to_string(proxy.port()) +
                                  "/postgres?application_name=faulty",
                              one);
  const sql length{"select length($1::text)"};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(db.query_value<long>(length, "x"), 1); // prepares it
  proxy.add("black_hole direction=to_server after=100KiB");
  boost::asio::io_context context;
  boost::asio::steady_timer beat{context};
  duration longest{};
  bool ended = false;
  std::function<void(time_point)> tick = [&](time_point last) {
    beat.expires_after(2ms);
    beat.async_wait([&, last](boost::system::error_code) {
      longest = std::max(longest, clock::now() - last);
      if (!ended) tick(clock::now());
    });
  };
  tick(clock::now());
  const std::string much(16'000'000, 'x'); // more than all buffers on the way
  errc told{};
  const auto ask = [&](async_database on) -> boost::asio::awaitable<void> { // outlives its frame
    try {
      co_await on.with({.deadline = 600ms}).query<long>(length, much);
    } catch (const database_error& e) {
      told = e.code();
    }
  };
  boost::asio::co_spawn(context, ask(db.async(context.get_executor())),
                        [&](std::exception_ptr) { ended = true; });
  context.run();
  EXPECT_EQ(told, errc::deadline_exceeded);
  EXPECT_LT(longest, testing::sanitized ? 500ms : 80ms) << "the loop's thread sat in a send";
}

} // namespace
} // namespace holdfast::test
