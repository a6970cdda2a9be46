// A database over the fake engine, its callers, and what they were told.
#pragma once

#include "database/database_core.hpp"
#include "sim/stack/fake_engine.hpp"
#include "sim/story/auditor.hpp"
#include "sim/story/plan.hpp"
#include "sim/story/script.hpp"
#include "testing/random_source.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>

namespace holdfast::sim {

using namespace std::chrono_literals;

inline constexpr std::int64_t accounts = 6;
inline constexpr std::int64_t riches = 1000;

/// What the callers of one write were told, over all their calls.
struct record {
  bool acknowledged = false;
  bool unsure = false; ///< at least once
  bool keyed = false;
  bool many = false; ///< it may run more often than once: idempotent
  std::optional<outcome> settled{};
};

struct stack_town {
  stack_town(const plan& p, const database_options& o);
  ~stack_town();
  stack_town(const stack_town&) = delete;
  stack_town& operator=(const stack_town&) = delete;

  /// After each step.
  void check();
  void check_waiters();
  void require(bool holds, std::string_view what) { audit->require(holds, what); }
  [[nodiscard]] const std::string& broken() const { return audit->broken(); }
  /// As `simulator::run_until`, and ends where a promise is broken.
  bool run_until(const std::function<bool()>& done, duration limit);
  bool run(task<void> work, duration limit);

  const plan& story;
  simulator world;
  std::shared_ptr<testing::fake_store> store = std::make_shared<testing::fake_store>(world);
  std::shared_ptr<sim_runtime> loop = std::make_shared<sim_runtime>(world);
  script faults;
  database_options options;
  std::shared_ptr<auditor> audit;
  std::shared_ptr<detail::database_observers> observers;
  std::deque<sim_runtime> runtimes; // outlive the pool, whose waiters point to them
  std::unique_ptr<detail::database_core> db;
  std::map<std::string, record> told;
  std::map<std::string, std::string> tokens; ///< of writes that stayed unknown
  int active = 0;                            ///< callers
  std::uint64_t calls = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unsure = 0;
  std::uint64_t applied = 0; // that the sum was looked at after
  time_point hung{};         ///< handshakes may have been hanging or refused until then
};

/// One caller's life.
[[nodiscard]] task<void> live(stack_town& t, sim_runtime& rt, std::uint32_t me);
/// In fair weather every write with a proof can be settled, for good.
[[nodiscard]] task<void> settle(stack_town& t, sim_runtime& rt);
/// Once more under the same keys: what was done gives its first result, what was settled as not
/// done never happens.
[[nodiscard]] task<void> ask_again(stack_town& t, sim_runtime& rt);
/// It is all over, and a write succeeds.
[[nodiscard]] task<void> write_in_fair_weather(stack_town& t, sim_runtime& rt);
/// The data agrees with every answer that was given.
void compare_books(stack_town& t);

} // namespace holdfast::sim
