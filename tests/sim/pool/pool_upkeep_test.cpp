// Stories of what the pool does by itself, and of its options and hooks.
#include "sim/pool/pool_story.hpp"

namespace holdfast::testing {
namespace {

TEST_F(pool_story, keepalive_pings_idle_connections_in_the_background) {
  auto o = calm(2, 4);
  o.keepalive = 10s;
  o.idle_timeout.reset();
  made(o);
  world.run_for(35s);
  EXPECT_GE(server->pings, 6U);
  EXPECT_LE(server->pings, 8U);
  EXPECT_EQ(lent->snapshot().idle, 2U);
}

TEST_F(pool_story, connections_are_replaced_at_the_end_of_their_life_with_no_gap) {
  auto o = calm(3, 6);
  o.max_lifetime = 60s;
  o.idle_timeout.reset();
  made(o);
  world.run_for(1s);
  std::uint32_t least = 3;
  world.after_each_step([&] {
    if (lent) least = std::min(least, lent->snapshot().idle + lent->snapshot().tending);
  });
  world.run_for(200s);
  world.after_each_step({});
  EXPECT_EQ(least, 3U);
  EXPECT_GE(server->connects, 9U);
  EXPECT_EQ(server->sessions.size(), 3U);
}

TEST_F(pool_story, hooks_see_each_moment) {
  std::vector<std::string> moments;
  const auto note = [&moments](const char* what) {
    return [&moments, what](fake_session&) -> result<void> {
      moments.emplace_back(what);
      return {};
    };
  };
  pool_hooks<fake_session> hooks{note("connect"), note("acquire"), note("release"),
                                 [&](fake_session&) { moments.emplace_back("close"); }};
  made(calm(0, 1), hooks);
  auto got = acquire();
  (*got)->dirty = true;
  got->release();
  world.run_for(10ms);
  lent.reset();
  world.run_for(10ms);
  EXPECT_EQ(moments,
            (std::vector<std::string>{"connect", "acquire", "release", "connect", "close"}))
      << "a reset undoes what after_connect did, so it runs again";
}

TEST_F(pool_story, a_connect_hook_that_fails_fails_the_connect) {
  pool_hooks<fake_session> hooks;
  hooks.after_connect = [](fake_session&) -> result<void> {
    return make_error(errc::permission_denied, "no");
  };
  made(calm(0, 1), hooks);
  EXPECT_EQ(acquire().error().code, errc::permission_denied);
  world.run_for(10ms);
  EXPECT_TRUE(server->sessions.empty());
}

TEST_F(pool_story, a_borrow_hook_that_always_refuses_does_not_open_connections_without_end) {
  pool_hooks<fake_session> hooks;
  hooks.before_acquire = [](fake_session&) -> result<void> { throw std::runtime_error{"no"}; };
  made(calm(0, 1), hooks);
  auto got = acquire();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::user_exception);
  EXPECT_EQ(got.error().message.find("no"), got.error().message.npos) << "may hold a secret";
  EXPECT_LE(server->connects, 4U);
}

TEST_F(pool_story, starting_reports_why_the_first_connect_failed) {
  lent =
      std::make_unique<fake_pool>(calm(2, 4), fake_connector{server}, pool_environment{loop, seen});
  server->up = false;
  server->condemning = true;
  auto started = rt.run(lent->start(rt, deadline::after(rt.now(), 5s)));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, errc::connect_refused);
}

TEST_F(pool_story, contradictory_options_are_all_named) {
  pool_options o;
  o.min_size = 9;
  o.max_size = 3;
  o.max_connecting = 0;
  try {
    fake_pool p{o, fake_connector{server}, pool_environment{loop, {}}};
    FAIL();
  } catch (const configuration_error& e) {
    EXPECT_NE(std::string_view{e.what()}.find("min_size"), std::string_view::npos);
    EXPECT_NE(std::string_view{e.what()}.find("max_connecting"), std::string_view::npos);
  }
}

} // namespace
} // namespace holdfast::testing
