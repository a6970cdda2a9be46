// The proxy's verbs over real sockets, as both neighbours see them.
#include "integration/chaos/echo.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/fault_proxy.hpp>

namespace holdfast::test {
namespace {

using steady = std::chrono::steady_clock;

struct chaos_proxy : ::testing::Test {
  echo_server server;
  fault_proxy proxy{{.to = {"127.0.0.1", server.port()}}};

  static bool soon(const auto& holds) {
    for (int i = 0; i < 400; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  /// A connection that has shown that it works.
  struct open_client : tcp_client {
    explicit open_client(std::uint16_t port) : tcp_client{port} {
      say("hello");
      EXPECT_EQ(hear(5), heard::bytes);
    }
  };
  void expect_recovered() {
    tcp_client c{proxy.port()};
    c.say("again");
    EXPECT_EQ(c.hear(5), heard::bytes);
    EXPECT_EQ(c.text, "again");
  }
};

TEST_F(chaos_proxy, carries_both_ways_and_each_end_by_itself) {
  tcp_client c{proxy.port()};
  std::string much(3'000'000, 'x');
  for (std::size_t i = 0; i < much.size(); i += 7) much[i] = static_cast<char>(i);
  std::thread talker{[&] {
    c.say(much);
    c.finish();
  }};
  EXPECT_EQ(c.hear(much.size()), heard::bytes);
  talker.join();
  EXPECT_EQ(c.text, much);
  EXPECT_EQ(c.hear(1), heard::end);
  EXPECT_EQ(server.ended, 1);
  EXPECT_TRUE(soon([&] { return proxy.status().open == 0; }));
  EXPECT_EQ(proxy.status().bytes_to_server, much.size());
  EXPECT_EQ(proxy.status().bytes_to_client, much.size());
  EXPECT_TRUE(proxy.records().empty());
}

TEST_F(chaos_proxy, resets_after_so_many_bytes_and_says_so) {
  proxy.add({.verb = fault_verb::reset, .direction = fault_direction::to_server, .after = 7});
  tcp_client c{proxy.port()};
  c.say("hello");
  EXPECT_EQ(c.hear(5), heard::bytes);
  c.say("hello");
  EXPECT_EQ(c.hear(5), heard::reset);
  EXPECT_TRUE(soon([&] { return server.broken == 1; }));
  const auto done = proxy.records();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(to_string(done[0]), "connection 1: reset (rule 1) to_server after byte 7");
  EXPECT_EQ(proxy.status().bytes_to_server, 7U);
  proxy.heal();
  expect_recovered();
}

} // namespace
} // namespace holdfast::test
