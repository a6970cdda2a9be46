// The concurrency limiter in the whole stack: an overloaded server is asked for less at once.
#include "sim/stack/town.hpp"

#include <holdfast/row.hpp>

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

constexpr std::uint32_t places = 20;

database_options crowded(bool limited) {
  database_options o;
  o.name = "sim";
  o.pool.min_size = places;
  o.pool.max_size = places;
  o.pool.max_connecting = places;
  o.health.interval.reset();
  o.log.enabled = false;
  o.breaker.start_as = breaker_options::mode::disabled; // it would take part
  o.limiter.enabled = limited;
  o.limiter.ceiling = places;
  return o;
}

/// Forty callers that never pause.
struct rush : town {
  explicit rush(bool limited, duration patience = 20s) : town{3, crowded(limited)} {
    store->capacity = 100;
    EXPECT_TRUE(loop->run(db->open(*loop)));
    for (int i = 0; i < 40; ++i) {
      runtimes.emplace_back(world);
      runtimes.back().spawn(ask(runtimes.back(), patience));
    }
  }

  task<void> ask(sim_runtime& rt, duration patience) {
    ++active;
    while (!over) {
      typed_value<std::int64_t> total;
      const statement what{"SELECT TOTAL", {}};
      const call_options how{.deadline = patience, .name = "total"};
      auto done = co_await db->execute(rt, what, &total, how, std::source_location::current());
      ++(done ? served : failed);
      if (!done) (void)co_await rt.sleep_until(rt.now() + 10ms);
    }
    --active;
  }

  /// The most leases that were out in the last part of this time.
  std::uint32_t most_out(duration time) {
    world.run_for(time * 4 / 5);
    std::uint32_t most = 0;
    for (int i = 0; i < 100; ++i) {
      world.run_for(time / 500);
      most = std::max(most, numbers().in_use);
    }
    return most;
  }
  pool_snapshot numbers() const { return db->status().hosts[0].pool; }
  void end() {
    over = true;
    EXPECT_TRUE(world.run_until([this] { return active == 0; }, 1min));
    EXPECT_TRUE(loop->run(db->close(*loop, 5s)));
    loop->cancel();
    db.reset();
    world.run_for(1s);
  }

  bool over = false;
  int served = 0;
  int failed = 0;
};

TEST(stack_limiter, switched_off_all_connections_are_lent_to_an_overloaded_server) {
  rush r{false};
  r.store->capacity = 2;
  EXPECT_EQ(r.most_out(20s), places);
  EXPECT_EQ(r.numbers().lease_limit, places);
  r.end();
}

TEST(stack_limiter, fewer_leases_go_out_under_overload_and_they_come_back_after_it) {
  rush r{true};
  EXPECT_EQ(r.numbers().lease_limit, places / 4) << "begins low";
  EXPECT_EQ(r.most_out(20s), places);
  r.store->capacity = 2;
  EXPECT_LE(r.most_out(20s), 8U);
  EXPECT_LE(r.numbers().lease_limit, 8U);
  EXPECT_GE(r.numbers().waiting, 30U) << "the pool's queue is the one queue";
  r.store->capacity = 100;
  EXPECT_EQ(r.most_out(20s), places);
  EXPECT_EQ(r.numbers().lease_limit, places);
  EXPECT_EQ(r.failed, 0);
  r.end();
}

TEST(stack_limiter, timeouts_shrink_it_to_the_floor_where_latency_alone_tells_nothing) {
  rush r{true, 300ms};
  EXPECT_EQ(r.most_out(20s), places);
  r.store->rates.stall = 2; // half of the messages come very late or never
  EXPECT_LE(r.most_out(20s), 4U);
  EXPECT_GT(r.failed, 0);
  r.store->rates.stall = 0;
  // Waiting in our own queue leaves some callers too little time: that is no sign of load.
  EXPECT_EQ(r.most_out(20s), places);
  r.end();
}

TEST(stack_limiter, conflicts_are_no_load) {
  rush r{true};
  EXPECT_EQ(r.most_out(20s), places);
  r.store->rates.conflict = 2;
  EXPECT_EQ(r.most_out(20s), places);
  r.end();
}

} // namespace
} // namespace holdfast::testing
