// A world with one database in it: its options and its faults are the seed's, and its promises are
// checked after each step.
#pragma once

#include "database/database_core.hpp"
#include "sim/stack/fake_engine.hpp"

#include <deque>
#include <set>
#include <stdexcept>
#include <string>

namespace holdfast::testing {

using namespace std::chrono_literals;

inline constexpr std::int64_t accounts = 6;
inline constexpr std::int64_t riches = 1000;

inline database_options options_for(simulator& world) {
  const auto pick = [&world](std::uint64_t n) {
    return static_cast<std::uint32_t>(world.random() % n);
  };
  database_options o;
  o.name = "sim";
  o.start = start_mode::connect;
  o.operation_keys.enabled = true;
  o.pool.min_size = pick(3);
  o.pool.max_size = 3 + pick(5);
  o.pool.max_connecting = 1 + pick(3);
  o.pool.acquire_timeout = 2s;
  o.pool.connect_timeout = 1s;
  o.pool.ping_after_idle = 20ms;
  o.health.interval = 1s;
  o.log.enabled = false;
  o.retry.on_outage = pick(4) == 0 ? on_outage::fail_fast : on_outage::wait;
  o.retry_budget.capacity = pick(2) == 0 ? 10 : 1000; // a poor and a rich one
  return o;
}

inline fault_rates rates_for(simulator& world) {
  const auto pick = [&world](std::uint32_t most) {
    const auto one_in = static_cast<std::uint32_t>(world.random() % 4);
    return one_in == 0 ? 0 : most * one_in;
  };
  return {.lost = pick(25),
          .late = pick(5),
          .stall = pick(60),
          .conflict = pick(12),
          .connect = pick(8)};
}

struct town {
  explicit town(std::uint64_t seed) : town{seed, std::nullopt} {}
  /// Without options they are the seed's; `watching` sees every event.
  town(std::uint64_t seed, std::optional<database_options> given, observer_ptr watching = nullptr)
      : world{seed}, options{given ? std::move(*given) : options_for(world)} {
    for (std::int64_t a = 0; a < accounts; ++a) store->balances[a] = riches;
    observers = detail::make_observers(options, {"fake:1"}, loop, std::move(watching)).value();
    detail::database_parts parts;
    parts.drivers = {std::make_shared<fake_driver>(store)};
    parts.options = options;
    parts.background = loop;
    parts.observers = observers;
    parts.seed = seed;
    db = std::make_unique<detail::database_core>(std::move(parts));
    world.after_each_step([this] { check(); });
  }

  void check() {
    if (db) {
      const auto p = db->status().hosts[0].pool;
      require(p.idle + p.in_use + p.connecting + p.tending <= p.max_size, "more than max_size");
      require(p.max_size == options.pool.max_size, "max_size changed");
    }
    // One more: the monitor's probe.
    require(store->open <= static_cast<int>(options.pool.max_size) + 1, "too many connections");
    require(store->misused == 0, "a connection was used after an error that forbade it");
    require(store->total() == accounts * riches, "half of a transfer is visible");
    if (!broken.empty())
      throw std::logic_error{broken + " (seed " + std::to_string(world.seed()) + ")"};
  }
  /// For coroutines, out of which nothing may be thrown.
  void require(bool holds, const std::string& what) {
    if (!holds && broken.empty()) broken = what;
  }

  simulator world;
  std::shared_ptr<fake_store> store = std::make_shared<fake_store>(world);
  std::shared_ptr<sim_runtime> loop = std::make_shared<sim_runtime>(world);
  database_options options;
  std::shared_ptr<detail::database_observers> observers;
  std::deque<sim_runtime> runtimes; // outlive the pool, whose waiters point to them
  std::unique_ptr<detail::database_core> db;
  int active = 0; ///< callers
  std::set<std::string> acknowledged;
  std::string broken;
};

} // namespace holdfast::testing
