// The whole stack in virtual time: callers write and read through outages, restarts, lost replies
// and stalls, and at the end the data must agree with every answer that was given.
//
// By hand, for many more seeds: `sim_stack --seeds=10000`, or `--seed=17` for one.
#include "database/database_core.hpp"
#include "database/transaction_core.hpp"
#include "sim/stack/fake_engine.hpp"

#include <holdfast/parameter.hpp>
#include <holdfast/row.hpp>

#include <cstdlib>
#include <deque>
#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t accounts = 6;
constexpr std::int64_t riches = 1000;
constexpr int callers = 12;
constexpr int rounds = 12;

/// What the callers of one write were told, over all their calls.
struct record {
  bool acknowledged = false;
  bool unsure = false; ///< at least once
  bool many = false;   ///< it may run more often than once: idempotent
  std::optional<outcome> settled{};
};

database_options options_for(simulator& world) {
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

fault_rates rates_for(simulator& world) {
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
  explicit town(std::uint64_t seed) : world{seed}, options{options_for(world)} {
    for (std::int64_t a = 0; a < accounts; ++a) store->balances[a] = riches;
    observers = detail::make_observers(options, "fake:1", loop, nullptr).value();
    detail::database_parts parts;
    parts.driver = std::make_shared<fake_driver>(store);
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
    require(store->total() == accounts * riches, "half of a transfer is visible");
    if (!broken.empty())
      throw std::logic_error{broken + " (seed " + std::to_string(world.seed()) + ")"};
  }
  /// For coroutines, out of which nothing may be thrown.
  void require(bool holds, const std::string& what) {
    if (!holds && broken.empty()) broken = what;
  }
  std::uint64_t pick(std::uint64_t n) { return world.random() % n; }

  simulator world;
  std::shared_ptr<fake_store> store = std::make_shared<fake_store>(world);
  std::shared_ptr<sim_runtime> loop = std::make_shared<sim_runtime>(world);
  database_options options;
  std::shared_ptr<detail::database_observers> observers;
  std::deque<sim_runtime> runtimes; // outlive the pool, whose waiters point to them
  std::unique_ptr<detail::database_core> db;
  std::map<std::string, record> told;
  std::map<std::string, std::string> tokens; ///< of keyed writes that stayed unknown
  int active = 0;                            ///< callers, and the weather
  int acknowledged = 0;
  std::string broken;
};

struct user_changed_mind {};

/// Moves money and leaves a mark, in three statements.
class transfer final : public detail::block {
public:
  transfer(town& t, std::string mark) : town_{t}, mark_{std::move(mark)} {}

  task<void> run(detail::transaction_core& tx) override {
    const auto pick = [this](std::int64_t n) {
      return static_cast<std::int64_t>(town_.pick(static_cast<std::uint64_t>(n)));
    };
    const std::int64_t amount = 1 + pick(50);
    const auto from = to_parameters(pick(accounts), -amount);
    const auto to = to_parameters(pick(accounts), amount);
    const auto mark = to_parameters(mark_);
    const statement debit{"UPDATE MONEY", from};
    const statement credit{"UPDATE MONEY", to};
    const statement note{"INSERT MARK", mark};
    auto first = co_await tx.execute(note, nullptr);
    first.value();
    auto second = co_await tx.execute(debit, nullptr);
    second.value();
    if (town_.pick(30) == 0) throw user_changed_mind{};
    auto third = co_await tx.execute(credit, nullptr);
    third.value();
  }
  std::string result_text() const override { return '"' + mark_ + '"'; }
  bool restore(std::string_view text) override {
    town_.require(text == result_text(), "the stored result is another's: " + std::string{text});
    return true;
  }

private:
  town& town_;
  std::string mark_;
};

void note(town& t, const std::string& mark, const error* failure) {
  record& r = t.told[mark];
  if (!failure) {
    r.acknowledged = true;
    ++t.acknowledged;
  } else if (failure->effect == side_effect::applied) {
    r.acknowledged = true;
  } else if (failure->effect == side_effect::unknown) {
    r.unsure = true;
    if (!failure->outcome_token.empty()) t.tokens[mark] = failure->outcome_token;
  }
}

task<void> transact(town& t, sim_runtime& rt, std::string mark, bool keyed, duration limit) {
  transaction_options how;
  how.deadline = limit;
  how.name = "transfer";
  if (keyed) how.operation_key = mark;
  transfer body{t, mark};
  const auto end = co_await t.db->transact(rt, how, std::source_location::current(), body);
  if (!end.outcome && end.outcome.error().effect == side_effect::unknown)
    t.require(keyed != end.outcome.error().outcome_token.empty(), "a token, iff there is a key");
  note(t, mark, end.outcome ? nullptr : &end.outcome.error());
}

task<void> write(town& t, sim_runtime& rt, std::string mark, bool idempotent, duration limit) {
  const auto parameters = to_parameters(mark);
  const statement what{"INSERT MARK", parameters};
  const call_options how{.deadline = limit, .idempotent = idempotent, .name = "mark"};
  auto done = co_await t.db->execute(rt, what, nullptr, how, std::source_location::current());
  t.told[mark].many = idempotent;
  note(t, mark, done ? nullptr : &done.error());
}

task<void> read(town& t, sim_runtime& rt, duration limit) {
  typed_value<std::int64_t> total;
  const statement what{"SELECT TOTAL", {}};
  const call_options how{.deadline = limit, .name = "total"};
  auto done = co_await t.db->execute(rt, what, &total, how, std::source_location::current());
  if (!done) {
    t.require(done.error().effect == side_effect::none, "a read had an effect");
    co_return;
  }
  const auto seen = total.take();
  t.require(seen && *seen == accounts * riches, "a read saw half of a transfer");
}

task<void> live(town& t, sim_runtime& rt, int me) {
  for (int i = 0; i < rounds && !rt.cancelled(); ++i) {
    (void)co_await rt.sleep_until(rt.now() + t.store->some(300ms));
    const std::string mark = std::to_string(me) + "." + std::to_string(i);
    const duration limit = t.pick(4) == 0 ? t.store->some(200ms) : 200ms + t.store->some(8s);
    const time_point began = rt.now();
    const auto kind = t.pick(8);
    if (kind < 3)
      co_await transact(t, rt, mark, true, limit);
    else if (kind < 5)
      co_await transact(t, rt, mark, false, limit);
    else if (kind < 7)
      co_await write(t, rt, mark, kind == 5, limit);
    else
      co_await read(t, rt, limit);
    t.require(rt.now() <= began + limit, mark + " ended after its deadline");
    // A user who is not sure tries again, under the same key.
    if (kind < 3 && !t.told[mark].acknowledged && t.pick(2) == 0)
      co_await transact(t, rt, mark, true, limit);
  }
  --t.active;
}

/// Outages, quick restarts, and quiet.
task<void> weather(town& t, sim_runtime& rt) {
  for (int i = 0; i < 6; ++i) {
    (void)co_await rt.sleep_until(rt.now() + t.store->some(1500ms));
    t.store->stop();
    const duration outage = t.pick(3) == 0 ? t.store->some(3s) : t.store->some(50ms);
    (void)co_await rt.sleep_until(rt.now() + outage);
    t.store->start();
  }
  --t.active;
}

/// In fair weather every keyed write can be settled, for good.
task<void> settle(town& t, sim_runtime& rt) {
  for (const auto& [mark, token] : t.tokens) {
    auto what = co_await t.db->outcome_of(rt, token);
    if (!what) t.require(false, mark + " stays open in fair weather: " + to_string(what.error()));
    if (what) t.told[mark].settled = *what;
  }
}

void expect_truth(const town& t) {
  for (const auto& [mark, r] : t.told) {
    SCOPED_TRACE("write " + mark);
    const auto found = t.store->marks.find(mark);
    const int times = found == t.store->marks.end() ? 0 : found->second;
    if (!r.many) {
      EXPECT_LE(times, 1) << "applied more than once";
    }
    if (r.acknowledged) {
      EXPECT_GE(times, 1) << "acknowledged, and lost";
    }
    if (!r.acknowledged && !r.unsure) {
      EXPECT_EQ(times, 0) << "was said to have had no effect";
    }
    if (!r.settled) continue;
    EXPECT_NE(*r.settled, outcome::unknown);
    EXPECT_EQ(times, *r.settled == outcome::committed ? 1 : 0) << "settled wrongly";
  }
}

void close(town& t) {
  EXPECT_TRUE(t.loop->run(t.db->close(*t.loop, 5s))) << "a lease is out";
  t.loop->cancel();
  t.db.reset();
  t.world.run_for(1s);
  EXPECT_EQ(t.store->open, 0) << "a connection was not closed";
}

struct tally {
  int acknowledged = 0;
  std::size_t unsure = 0; ///< keyed, and not known by their deadline
};

void run(std::uint64_t seed, tally& sum) {
  town t{seed};
  EXPECT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.store->rates = rates_for(t.world);
  t.active = callers + 1;
  for (int i = 0; i < callers; ++i) {
    t.runtimes.emplace_back(t.world);
    t.runtimes.back().spawn(live(t, t.runtimes.back(), i));
  }
  t.loop->spawn(weather(t, *t.loop));
  // One caller is cancelled in the middle of things.
  t.world.at(t.world.now() + t.store->some(4s), [&t] { t.runtimes[0].cancel(); });
  EXPECT_TRUE(t.world.run_until([&t] { return t.active == 0; }, 30min)) << "a caller hangs";
  t.store->rates = {};
  t.world.run_for(2min); // COMMITs under way end
  t.db->reset();         // a ramp may refuse still: by design, where callers want to fail fast
  t.loop->run(settle(t, *t.loop));
  t.world.run_for(1s);
  expect_truth(t);
  close(t);
  sum.acknowledged += t.acknowledged;
  sum.unsure += t.tokens.size();
}

std::uint64_t first_seed = 1;
std::uint64_t seeds = 50;

TEST(stack_chaos, every_answer_is_the_truth) {
  tally sum;
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ASSERT_NO_THROW(run(seed, sum));
    if (HasFailure()) return;
  }
  EXPECT_GT(sum.acknowledged, static_cast<int>(seeds) * 20) << "nothing much was tried";
  RecordProperty("acknowledged", sum.acknowledged);
  EXPECT_GT(sum.unsure, seeds / 10) << "no reply was lost for good";
}

} // namespace
} // namespace holdfast::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string_view given{argv[i]};
    if (given.starts_with("--seeds="))
      holdfast::testing::seeds = std::strtoull(argv[i] + 8, nullptr, 10);
    if (!given.starts_with("--seed=")) continue;
    holdfast::testing::first_seed = std::strtoull(argv[i] + 7, nullptr, 10);
    holdfast::testing::seeds = 1;
  }
  return RUN_ALL_TESTS();
}
