// A host's name whose addresses change while the old ones go on answering.
#include "integration/database/engines.hpp"

#include <mutex>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

struct moving_name : ::testing::Test {
  static testing::postgres_server_options at_two_addresses() {
    testing::postgres_server_options o;
    o.fsync = false;
    o.addresses = "127.0.0.1,127.0.0.2";
    return o;
  }
  moving_name() {
    server.start();
    server.wait_ready();
    options.tls.mode = tls_mode::disable;
    options.pool.min_size = 4;
    options.hosts.lookup_interval = 200ms;
    // The server sees by the session's name where it was entered.
    options.after_connect = "select set_config('application_name', 'at ' || "
                            "host(inet_server_addr()), false)";
    options.hosts.resolver = [this](const std::string& name) -> result<std::vector<std::string>> {
      EXPECT_EQ(name, "db.test");
      const std::lock_guard lock{mutex};
      ++asked;
      return answer;
    };
  }
  database open() const {
    return postgres::connect("postgresql://postgres@db.test:" + std::to_string(server.port()) +
                                 "/postgres",
                             test::quiet(options));
  }
  long sessions_at(const std::string& address) {
    return boss
        .query_value<long>("select count(*) from pg_stat_activity where application_name = $1",
                           "at " + address)
        .value();
  }
  bool comes_true(const std::function<bool()>& what, duration limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!what()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(10ms);
    }
    return true;
  }
  void set(std::vector<std::string> to) {
    const std::lock_guard lock{mutex};
    answer = std::move(to);
  }

  testing::postgres_server server{at_two_addresses()};
  database boss = [this] {
    server.start();
    server.wait_ready();
    return postgres::connect(server.url(), test::quiet());
  }();
  database_options options;
  std::mutex mutex; // guards the next two
  std::vector<std::string> answer{"127.0.0.1"};
  int asked = 0;
};

TEST_F(moving_name, connections_to_an_address_that_left_the_answer_are_replaced_undisturbed) {
  auto db = open();
  ASSERT_TRUE(comes_true([&] { return sessions_at("127.0.0.1") == 4; }, 5s));
  std::jthread borrower{[&] { // longer than all of it
    const auto slept = db.try_query<bool>("select true from pg_sleep(4)");
    EXPECT_TRUE(slept) << "a borrower lost its connection";
  }};
  std::this_thread::sleep_for(100ms);
  set({"127.0.0.2"});
  EXPECT_TRUE(comes_true(
      [&] { return sessions_at("127.0.0.2") >= 3 && sessions_at("127.0.0.1") == 1; }, 5s))
      << sessions_at("127.0.0.2") << " and " << sessions_at("127.0.0.1");
  borrower.join();
  EXPECT_TRUE(comes_true([&] { return sessions_at("127.0.0.1") == 0; }, 3s));
}

TEST_F(moving_name, an_address_that_one_answer_lacks_and_the_next_names_stays) {
  auto db = open();
  ASSERT_TRUE(comes_true([&] { return sessions_at("127.0.0.1") == 4; }, 5s));
  const auto made = db.recent_events().count(event_kind::connection_created);
  for (int i = 0; i < 6; ++i) { // a rotation
    set({i % 2 == 0 ? "127.0.0.2" : "127.0.0.1"});
    std::this_thread::sleep_for(400ms);
  }
  EXPECT_EQ(db.recent_events().count(event_kind::connection_created), made);
  EXPECT_EQ(sessions_at("127.0.0.1"), 4);
}

TEST_F(moving_name, a_resolver_that_fails_changes_nothing) {
  auto db = open();
  ASSERT_TRUE(comes_true([&] { return sessions_at("127.0.0.1") == 4; }, 5s));
  set({});
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(sessions_at("127.0.0.1"), 4);
  EXPECT_EQ(db.query_value<long>("select 1"), 1);
}

} // namespace
} // namespace holdfast
