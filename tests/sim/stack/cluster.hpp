// A world with two hosts, of which the second is the primary at first.
#pragma once

#include "database/database_core.hpp"
#include "sim/stack/fake_engine.hpp"

#include <holdfast/parameter.hpp>
#include <holdfast/row.hpp>

#include <deque>
#include <gtest/gtest.h>
#include <set>

namespace holdfast::testing {

using namespace std::chrono_literals;

struct cluster {
  explicit cluster(std::uint64_t seed = 11, database_options given = plain())
      : world{seed}, options{std::move(given)} {
    a->name = "fake:1";
    b->name = "fake:2";
    b->follow_with(a);
    observers = detail::make_observers(options, {a->name, b->name}, loop, nullptr).value();
    detail::database_parts parts;
    parts.drivers = {std::make_shared<fake_driver>(a), std::make_shared<fake_driver>(b)};
    parts.options = options;
    parts.background = loop;
    parts.observers = observers;
    parts.seed = seed;
    db = std::make_unique<detail::database_core>(std::move(parts));
  }

  static database_options plain() {
    database_options o;
    o.name = "sim";
    o.pool.min_size = 2;
    o.pool.max_size = 8;
    o.pool.connect_timeout = 1s;
    o.health.interval.reset();
    o.log.enabled = false;
    return o;
  }

  task<void> write(sim_runtime& rt) {
    const std::string mark = std::to_string(++begun);
    const auto parameters = to_parameters(mark);
    const statement what{"INSERT MARK", parameters};
    // Single statements: nothing but the server's word can tell what became of a lost one.
    const call_options how{
        .deadline = patience, .idempotent = true, .name = "mark", .read = reads_for_writes};
    auto done = co_await db->execute(rt, what, nullptr, how, std::source_location::current());
    if (done) {
      ++written;
      told.insert(mark);
      co_return;
    }
    ++failed;
    last = done.error();
  }
  task<void> keep_writing(sim_runtime& rt, duration time) {
    ++active;
    for (const time_point end = rt.now() + time; rt.now() < end;) {
      co_await write(rt);
      (void)co_await rt.sleep_until(rt.now() + 5ms);
    }
    --active;
  }
  void write_for(duration time) {
    runtimes.emplace_back(world);
    runtimes.back().spawn(keep_writing(runtimes.back(), time));
  }
  void write_all(int n) {
    for (int i = 0; i < n; ++i) loop->run(write(*loop));
  }
  bool read(holdfast::read from, duration max_staleness, bool hedge = false) {
    typed_value<std::int64_t> total;
    const statement what{"SELECT TOTAL", {}};
    const call_options how{
        .name = "total", .hedge = hedge, .read = from, .max_staleness = max_staleness};
    const auto done =
        loop->run(db->execute(*loop, what, &total, how, std::source_location::current()));
    return done.has_value();
  }
  /// Acknowledged, and not on this server.
  [[nodiscard]] int lost(const fake_store& on) const {
    int n = 0;
    for (const std::string& mark : told) n += on.marks.contains(mark) ? 0 : 1;
    return n;
  }

  void close() {
    EXPECT_TRUE(loop->run(db->close(*loop, 5s)));
    loop->cancel();
    db.reset();
    world.run_for(2s);
    EXPECT_EQ(a->open + b->open, 0) << "a connection was not closed";
    EXPECT_EQ(a->misused + b->misused, 0);
  }

  simulator world;
  std::shared_ptr<fake_store> a = std::make_shared<fake_store>(world);
  std::shared_ptr<fake_store> b = std::make_shared<fake_store>(world);
  std::shared_ptr<sim_runtime> loop = std::make_shared<sim_runtime>(world);
  database_options options;
  std::shared_ptr<detail::database_observers> observers;
  std::deque<sim_runtime> runtimes; // outlive the pools, whose waiters point to them
  std::unique_ptr<detail::database_core> db;
  duration patience = 30s;
  std::optional<holdfast::read> reads_for_writes{};
  std::set<std::string> told; ///< acknowledged
  std::optional<error> last;
  int begun = 0;
  int written = 0;
  int failed = 0;
  int active = 0;
};

} // namespace holdfast::testing
