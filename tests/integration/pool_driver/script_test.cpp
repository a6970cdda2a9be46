// The pool seen from outside, by what its driver says. In the spirit of MongoDB's tests of
// connection pools (CMAP), whose semantics the driver's protocol follows.
#include "integration/pool_driver/session.hpp"

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

void pause(std::chrono::milliseconds d) { std::this_thread::sleep_for(d); }

const std::string a = R"("label":"a")";
const std::string b = R"("label":"b")";

std::string on(int thread, const std::string& label = {}) {
  std::string fields = R"("thread":"t)" + std::to_string(thread) + '"';
  if (!label.empty()) fields += R"(,"label":")" + label + '"';
  return fields;
}

TEST(pool_driver, a_pool_starts_paused_and_publishes_each_change_once) {
  session s{R"("options":{})"};
  EXPECT_EQ(s.run("acquire"), "pool_cleared");
  for (const char* c : {"clear", "ready", "ready", "clear", "clear", "close", "close"})
    EXPECT_EQ(s.run(c), "ok");
  EXPECT_EQ(s.run("acquire"), "pool_closed");
  EXPECT_EQ(
      s.events({"pool_created", "pool_ready", "pool_cleared", "pool_closed", "acquire_started",
                "acquire_failed"}),
      (lines{"pool_created", "acquire_started", "acquire_failed connection_error", "pool_ready",
             "pool_cleared", "pool_closed", "acquire_started", "acquire_failed pool_closed"}));
  EXPECT_EQ(s.finish(), 0);
}

TEST(pool_driver, an_acquire_opens_and_a_release_makes_available) {
  session s{R"("options":{})"};
  s.run("ready");
  EXPECT_EQ(s.run("acquire", a), "1");
  EXPECT_EQ(s.run("release", a), "ok");
  EXPECT_EQ(s.run("acquire", a), "1");
  EXPECT_EQ(s.events({"acquire_started", "connection_created", "connection_ready", "acquired",
                      "released"}),
            (lines{"acquire_started", "connection_created 1", "connection_ready 1", "acquired 1",
                   "released 1", "acquire_started", "acquired 1"}));
}

TEST(pool_driver, an_old_generation_is_closed_at_its_return) {
  session s{R"("options":{})"};
  s.run("ready");
  s.run("acquire", a);
  s.run("acquire", b);
  s.run("release", b);
  s.run("clear");
  s.run("ready");
  s.run("release", a);
  EXPECT_EQ(s.run("acquire"), "3");
  EXPECT_EQ(s.events({"pool_cleared", "released", "connection_closed"}),
            (lines{"released 2", "pool_cleared", "connection_closed 2 stale", "released 1",
                   "connection_closed 1 stale"}));
}

TEST(pool_driver, close_ends_idle_connections_first_and_leases_at_their_return) {
  session s{R"("options":{})"};
  s.run("ready");
  s.run("acquire", a);
  s.run("acquire", b);
  s.run("release", a);
  s.run("close");
  s.run("release", b);
  EXPECT_EQ(s.events({"pool_closed", "released", "connection_closed"}),
            (lines{"released 1", "connection_closed 1 pool_closed", "pool_closed", "released 2",
                   "connection_closed 2 pool_closed"}));
}

TEST(pool_driver, waiters_are_served_in_their_order) {
  session s{R"("options":{"max_size":1,"acquire_timeout_ms":5000})"};
  s.run("ready");
  s.run("acquire", a);
  std::vector<int> asked;
  for (int i = 0; i < 8; ++i) {
    asked.push_back(s.send("acquire", on(i, "w" + std::to_string(i))));
    ASSERT_TRUE(s.saw("acquire_started", static_cast<std::size_t>(i) + 2));
  }
  s.run("release", a);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(session::outcome(s.reply(asked[static_cast<std::size_t>(i)])), "1") << i;
    for (int later = i + 1; later < 8; ++later)
      for (const auto& line : s.lines())
        EXPECT_FALSE(line.contains("seq") &&
                     line.at("seq") == asked[static_cast<std::size_t>(later)]);
    s.run("release", R"("label":"w)" + std::to_string(i) + '"');
  }
}

TEST(pool_driver, a_wait_ends_at_its_timeout) {
  session s{R"("options":{"max_size":1,"acquire_timeout_ms":60})"};
  s.run("ready");
  s.run("acquire", a);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(s.run("acquire", on(1)), "pool_timeout");
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took, 60ms);
  EXPECT_LT(took, 3s);
  EXPECT_EQ(s.events({"acquire_failed"}), lines{"acquire_failed timeout"});
}

TEST(pool_driver, waiting_for_max_connecting_is_limited_too) {
  session s{R"("options":{"max_size":10,"acquire_timeout_ms":50},"connects":[{"delay_ms":400}])"};
  s.run("ready");
  s.send("acquire", on(1));
  s.send("acquire", on(2));
  ASSERT_TRUE(s.saw("connection_created", 2));
  EXPECT_EQ(s.run("acquire", on(3)), "pool_timeout");
}

TEST(pool_driver, clear_fails_all_waiters_at_once) {
  session s{R"("options":{"max_size":1})"};
  s.run("ready");
  s.run("acquire", a);
  std::vector<int> asked;
  for (int i = 0; i < 3; ++i) asked.push_back(s.send("acquire", on(i)));
  ASSERT_TRUE(s.saw("acquire_started", 4));
  s.run("clear");
  for (const int seq : asked) EXPECT_EQ(session::outcome(s.reply(seq)), "pool_cleared");
  EXPECT_EQ(s.events({"pool_cleared", "acquire_failed"}),
            (lines{"pool_cleared", "acquire_failed connection_error",
                   "acquire_failed connection_error", "acquire_failed connection_error"}));
}

TEST(pool_driver, interrupt_ends_leases_and_connects_now) {
  session s{R"("options":{"max_size":3},"connects":[{"times":1},{"delay_ms":2000}])"};
  s.run("ready");
  s.run("acquire", a);
  const int pending = s.send("acquire", on(1));
  ASSERT_TRUE(s.saw("connection_created", 2));
  s.run("clear", R"("interrupt":true)");
  EXPECT_EQ(session::outcome(s.reply(pending)), "pool_cleared");
  s.run("release", a);
  EXPECT_EQ(s.events({"pool_cleared", "connection_closed", "acquire_failed", "released"}),
            (lines{"pool_cleared", "connection_closed 2 stale", "acquire_failed connection_error",
                   "connection_closed 1 stale", "released 1"}));
  EXPECT_EQ(s.finish(), 0);
}

TEST(pool_driver, connects_under_way_are_closed_on_arrival) {
  session s{R"("options":{"max_size":3},"connects":[{"delay_ms":1000}])"};
  s.run("ready");
  const int pending = s.send("acquire", on(1));
  ASSERT_TRUE(s.saw("connection_created"));
  s.run("clear");
  EXPECT_EQ(session::outcome(s.reply(pending)), "pool_cleared");
  EXPECT_FALSE(s.saw("connection_closed", 1, 50ms));
  EXPECT_TRUE(s.saw("connection_closed"));
  EXPECT_EQ(s.events({"connection_ready", "connection_closed"}),
            lines{"connection_closed 1 stale"});
}

TEST(pool_driver, max_connecting_holds_under_load) {
  session s{R"("options":{"max_size":12,"max_connecting":3},"connects":[{"delay_ms":20}])"};
  s.run("ready");
  std::vector<int> asked;
  for (int i = 0; i < 12; ++i) asked.push_back(s.send("acquire", on(i)));
  for (const int seq : asked) EXPECT_TRUE(s.reply(seq).at("ok").as_bool());
  int connecting = 0, most = 0;
  for (const auto& e : s.events({"connection_created", "connection_ready"})) {
    connecting += e.starts_with("connection_created") ? 1 : -1;
    most = std::max(most, connecting);
  }
  EXPECT_EQ(most, 3);
  EXPECT_EQ(s.events({"connection_created"}).size(), 12U);
}

TEST(pool_driver, a_returned_connection_serves_though_connects_are_under_way) {
  session s{R"("options":{"max_size":10},"connects":[{"times":1},{"delay_ms":500}])"};
  s.run("ready");
  s.run("acquire", a);
  std::vector<int> asked;
  for (int i = 0; i < 3; ++i) {
    asked.push_back(s.send("acquire", on(i)));
    ASSERT_TRUE(s.saw("acquire_started", static_cast<std::size_t>(i) + 2));
  }
  ASSERT_TRUE(s.saw("connection_created", 3));
  s.run("release", a);
  EXPECT_EQ(session::outcome(s.reply(asked[0])), "1") << "the longest waiter";
  for (const int seq : asked) EXPECT_TRUE(s.reply(seq).at("ok").as_bool());
  EXPECT_EQ(s.events({"connection_created"}).size(), 3U) << "no more than needed";
}

TEST(pool_driver, a_failed_connect_fails_its_own_acquire_alone) {
  session s{R"("options":{"max_size":1},"connects":[{"times":1,"delay_ms":50,"fail":true}])"};
  s.run("ready");
  const int first = s.send("acquire", on(1));
  ASSERT_TRUE(s.saw("connection_created"));
  const int second = s.send("acquire", on(2));
  EXPECT_EQ(session::outcome(s.reply(first)), "connect_failed");
  EXPECT_EQ(session::outcome(s.reply(second)), "2");
  EXPECT_EQ(s.events({"connection_created", "connection_closed", "acquire_failed", "acquired"}),
            (lines{"connection_created 1", "connection_closed 1 error",
                   "acquire_failed connection_error", "connection_created 2", "acquired 2"}));
}

TEST(pool_driver, a_failed_connect_that_condemns_clears_before_it_closes) {
  session s{R"("connects":[{"times":1,"fail":true}],"clear_on_connect_error":true)"};
  s.run("ready");
  EXPECT_EQ(s.run("acquire"), "connect_failed");
  EXPECT_EQ(s.run("acquire"), "pool_cleared");
  s.run("ready");
  EXPECT_EQ(s.run("acquire"), "2");
  EXPECT_EQ(
      s.events({"connection_created", "pool_cleared", "connection_closed", "acquire_failed",
                "pool_ready", "acquired"}),
      (lines{"pool_ready", "connection_created 1", "pool_cleared", "connection_closed 1 error",
             "acquire_failed connection_error", "acquire_failed connection_error", "pool_ready",
             "connection_created 2", "acquired 2"}));
}

TEST(pool_driver, min_size_is_kept_warm_while_ready) {
  session s{R"("options":{"min_size":3,"maintenance_ms":20})"};
  EXPECT_FALSE(s.saw("connection_created", 1, 60ms));
  s.run("ready");
  ASSERT_TRUE(s.saw("connection_ready", 3));
  EXPECT_NE(s.run("acquire", a), "4");
  s.run("clear");
  pause(100ms);
  EXPECT_EQ(s.events({"connection_created"}).size(), 3U);
  s.run("ready");
  ASSERT_TRUE(s.saw("connection_ready", 5)) << "the lease still out counts";
  s.run("release", a);
  EXPECT_TRUE(s.saw("connection_ready", 6));
}

TEST(pool_driver, filling_that_fails_neither_spins_nor_gives_up) {
  session s{R"("options":{"min_size":1,"maintenance_ms":1},"connects":[{"times":3,"fail":true}])"};
  const auto began = std::chrono::steady_clock::now();
  s.run("ready");
  EXPECT_TRUE(s.saw("connection_ready"));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 350ms) << "50, 100 and 200 ms at least";
  EXPECT_EQ(s.events({"connection_created"}).size(), 4U);
}

TEST(pool_driver, filling_that_condemns_pauses_the_pool) {
  session s{R"("options":{"min_size":1,"maintenance_ms":20},)"
            R"("connects":[{"times":1,"fail":true}],"clear_on_connect_error":true)"};
  s.run("ready");
  ASSERT_TRUE(s.saw("connection_closed"));
  pause(100ms);
  EXPECT_EQ(s.events({"connection_created", "pool_cleared", "connection_closed"}),
            (lines{"connection_created 1", "pool_cleared", "connection_closed 1 error"}));
  s.run("ready");
  EXPECT_TRUE(s.saw("connection_ready"));
}

TEST(pool_driver, an_acquire_skips_what_was_idle_for_too_long) {
  session s{R"("options":{"idle_timeout_ms":10})"};
  s.run("ready");
  s.run("acquire", a);
  s.run("release", a);
  pause(50ms);
  EXPECT_EQ(s.events({"connection_closed"}), lines{}) << "upkeep is off";
  EXPECT_EQ(s.run("acquire"), "2");
  EXPECT_EQ(s.events({"acquire_started", "connection_closed", "acquired"}),
            (lines{"acquire_started", "acquired 1", "acquire_started", "connection_closed 1 idle",
                   "acquired 2"}));
}

TEST(pool_driver, upkeep_closes_what_was_idle_for_too_long) {
  session s{R"("options":{"idle_timeout_ms":30,"maintenance_ms":10})"};
  s.run("ready");
  s.run("acquire", a);
  s.run("release", a);
  EXPECT_TRUE(s.saw("connection_closed"));
  EXPECT_EQ(s.events({"connection_closed"}), lines{"connection_closed 1 idle"});
}

TEST(pool_driver, a_waiter_may_take_over_a_warming_connect) {
  session s{R"("options":{"min_size":2,"max_size":3},"connects":[{"delay_ms":100}])"};
  s.run("ready");
  ASSERT_TRUE(s.saw("connection_created", 2));
  const int first = s.send("acquire", on(1));
  const int second = s.send("acquire", on(2));
  EXPECT_TRUE(s.reply(first).at("ok").as_bool());
  EXPECT_TRUE(s.reply(second).at("ok").as_bool());
  EXPECT_EQ(s.events({"connection_created"}).size(), 2U);
}

TEST(pool_driver, bad_lines_are_answered_and_harm_nothing) {
  session s{nullptr};
  s.send_raw("{");
  s.send_raw("[1]");
  s.send_raw(R"({"command":"ready"})");
  EXPECT_EQ(s.run("ready"), "protocol") << "no pool yet";
  EXPECT_EQ(s.run("create", R"("options":{"min_size":3,"max_size":2})"), "protocol");
  EXPECT_EQ(s.run("create", R"("options":{"max_size":0})"), "protocol");
  EXPECT_EQ(s.run("create", R"("options":{"acquire_timeout_ms":-1})"), "protocol");
  EXPECT_EQ(s.run("create", R"("options":{"max_sise":1})"), "protocol");
  EXPECT_EQ(s.run("create", R"("connects":{})"), "protocol");
  EXPECT_EQ(s.run("create", R"("options":null,"connects":[{"times":null}])"), "ok");
  EXPECT_EQ(s.run("fly"), "protocol");
  EXPECT_EQ(s.run("release", a), "protocol");
  EXPECT_EQ(s.run("clear", R"("interrupt":3)"), "protocol");
  EXPECT_EQ(s.run("ready", R"("thread":5)"), "protocol");
  s.run("ready");
  EXPECT_EQ(s.run("acquire"), "1");
  EXPECT_EQ(s.finish(), 0);
  std::size_t unnumbered = 0;
  for (const auto& line : s.lines()) unnumbered += line.contains("seq") && line.at("seq").is_null();
  EXPECT_EQ(unnumbered, 3U);
}

TEST(pool_driver, the_end_of_input_ends_everything) {
  session s{R"("options":{"max_size":1})"};
  s.run("ready");
  s.run("acquire", a);
  s.send("acquire", on(1));
  ASSERT_TRUE(s.saw("acquire_started", 2));
  EXPECT_EQ(s.finish(), 0);
  EXPECT_EQ(
      s.events({"acquire_failed", "pool_closed", "connection_closed"}),
      (lines{"acquire_failed pool_closed", "pool_closed", "connection_closed 1 pool_closed"}));
}

} // namespace
} // namespace holdfast::testing
