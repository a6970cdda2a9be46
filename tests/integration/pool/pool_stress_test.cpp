// The pool under real threads; run under TSan by `./run test --all`.
#include <holdfast/pool.hpp>
#include <holdfast/service.hpp>

#include <atomic>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

struct plain_connection {
  std::shared_ptr<std::atomic<int>> open_now;
  std::shared_ptr<std::atomic<bool>> in_use = std::make_shared<std::atomic<bool>>(false);
  bool dirty = false;
};

// A connector of plain blocking functions, as a user would write one.
class plain_connector {
public:
  explicit plain_connector(std::shared_ptr<std::atomic<int>> open_now)
      : open_now_{std::move(open_now)} {}

  plain_connection open() {
    std::this_thread::sleep_for(200us);
    if (++*tries_ % 17 == 0) throw std::runtime_error{"refused"};
    ++*open_now_;
    return {open_now_};
  }
  bool ping(plain_connection&) { return true; }
  void reset(plain_connection& c) { c.dirty = false; }
  void close(plain_connection&) { --*open_now_; }
  bool dirty(const plain_connection& c) { return c.dirty; }
  void interrupt(plain_connection&) {}

private:
  std::shared_ptr<std::atomic<int>> open_now_;
  std::shared_ptr<std::atomic<int>> tries_ = std::make_shared<std::atomic<int>>(0);
};

class counter final : public observer {
public:
  void on_event(const event& e) noexcept override {
    if (e.kind == event_kind::acquire_started) ++started;
    if (e.kind == event_kind::acquired) ++acquired;
    if (e.kind == event_kind::acquire_failed) ++failed;
    if (e.kind == event_kind::released) ++released;
  }
  // Published under the pool's lock: plain numbers are enough, and TSan would tell if not.
  std::uint64_t started = 0, acquired = 0, failed = 0, released = 0;
};

pool_options hurried() {
  pool_options o;
  o.min_size = 2;
  o.max_size = 4;
  o.acquire_timeout = 2s;
  o.ping_after_idle = 1ms;
  o.idle_timeout = 5ms;
  o.keepalive = 2ms;
  o.max_lifetime = 20ms;
  o.maintenance_interval = 1ms;
  o.leak_after = 1ms;
  return o;
}

TEST(pool_stress, threads_share_few_connections_through_clears_and_retirement) {
  const auto open_now = std::make_shared<std::atomic<int>>(0);
  const auto seen = std::make_shared<counter>();
  const auto loop = std::make_shared<service>();
  std::atomic<int> served{0};
  {
    pool<plain_connection> p{hurried(), plain_connector{open_now},
                             pool_environment{{loop, loop->background().get()}, seen}};
    p.ready();
    std::atomic<bool> over{false};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; !over; ++i) {
          acquire_request r;
          r.priority = static_cast<priority>(t % 3);
          if (i % 7 == 0) r.until = deadline::after(clock::now(), 100us);
          auto lent = p.try_acquire(r);
          if (!lent) continue;
          EXPECT_FALSE((*lent)->in_use->exchange(true)) << "two users of one connection";
          EXPECT_FALSE((*lent)->dirty);
          (*lent)->dirty = i % 5 == 0;
          if (i % 11 == 0) lent->discard();
          if (i % 13 == 0) std::this_thread::sleep_for(100us);
          (*lent)->in_use->store(false);
          ++served;
        }
      });
    for (int i = 0; i < 60; ++i) {
      std::this_thread::sleep_for(10ms);
      p.clear(make_error(errc::connection_lost, "cleared by the test"), i % 3 == 0);
      p.suspect_idle();
      (void)p.snapshot();
      p.retire_all();
      p.ready();
    }
    over = true;
    threads.clear();
    EXPECT_TRUE(p.close(deadline::after(clock::now(), 5s)));
  }
  EXPECT_GT(served, 100);
  EXPECT_EQ(seen->started, seen->acquired + seen->failed) << "each acquire ends once";
  EXPECT_EQ(seen->acquired, seen->released);
  loop->stop();
  EXPECT_EQ(*open_now, 0) << "each connection is closed once";
}

TEST(pool_stress, a_pool_of_its_own_is_a_line_of_code) {
  const auto open_now = std::make_shared<std::atomic<int>>(0);
  {
    pool<plain_connection> p{pool_options{}, plain_connector{open_now}};
    auto lent = p.acquire();
    EXPECT_FALSE(lent->in_use->load());
    EXPECT_GE(*open_now, 1);
  }
  EXPECT_EQ(*open_now, 0);
}

TEST(pool_stress, a_lease_may_outlive_a_pool_of_its_own) {
  const auto open_now = std::make_shared<std::atomic<int>>(0);
  lease<plain_connection> held;
  {
    pool<plain_connection> p{pool_options{}, plain_connector{open_now}};
    held = p.acquire();
  }
  EXPECT_EQ(*open_now, 1);
  held.release();
  EXPECT_EQ(*open_now, 0) << "its loop is gone, so it is closed on the spot";
}

TEST(pool_stress, a_pool_that_cannot_connect_says_why) {
  struct broken {
    plain_connection open() {
      throw_error(make_error(errc::authentication_failed, "wrong password"));
    }
    void ping(plain_connection&) {}
    void reset(plain_connection&) {}
    void close(plain_connection&) {}
  };
  try {
    pool<plain_connection> p{pool_options{}, broken{}};
    FAIL();
  } catch (const auth_error& e) {
    EXPECT_EQ(e.code(), errc::authentication_failed);
  }
  pool<plain_connection> lazy{pool_options{}, broken{}, start_mode::lazy};
  EXPECT_EQ(lazy.try_acquire().error().code, errc::authentication_failed);
}

TEST(pool_stress, a_thread_that_waits_for_itself_is_told_so) {
  pool_options o;
  o.min_size = 0;
  o.max_size = 1;
  o.acquire_timeout = 20ms;
  pool<plain_connection> p{o, plain_connector{std::make_shared<std::atomic<int>>(0)}};
  const auto held = p.acquire();
  const auto mine = p.try_acquire();
  ASSERT_FALSE(mine);
  EXPECT_TRUE(mine.error().pool->likely_self_deadlock);
  std::jthread{[&] {
    const auto other = p.try_acquire();
    ASSERT_FALSE(other);
    EXPECT_FALSE(other.error().pool->likely_self_deadlock);
  }}.join();
}

TEST(pool_stress, a_fork_may_not_use_its_parents_connections) {
  const auto open_now = std::make_shared<std::atomic<int>>(0);
  pool<plain_connection> p{pool_options{}, plain_connector{open_now}};
  auto held = p.acquire();
  const pid_t child = ::fork();
  if (child == 0) {
    const int before = *open_now; // not before the fork: the pool is still filling up
    const auto refused = p.try_acquire();
    const bool told = !refused && refused.error().code == errc::forked;
    held.release(); // must neither hang nor close what is the parent's
    ::_exit(told && *open_now == before ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  held.release();
  EXPECT_TRUE(p.acquire()) << "the parent goes on";
}

} // namespace
} // namespace holdfast::testing
