// The whole stack in virtual time: callers write and read through outages, restarts, lost replies
// and stalls, and at the end the data must agree with every answer that was given.
//
// By hand, for many more seeds: `sim_stack --seeds=10000`, or `--seed=17` for one.
#include "database/transaction_core.hpp"
#include "sim/stack/town.hpp"

#include <holdfast/parameter.hpp>
#include <holdfast/row.hpp>

#include <cstdlib>
#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

constexpr int callers = 12;
constexpr int rounds = 12;

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
    t.require((keyed || t.store->traces) != end.outcome.error().outcome_token.empty(),
              "a token, iff there is a key or a trace");
  t.told[mark].keyed = keyed;
  note(t, mark, end.outcome ? nullptr : &end.outcome.error());
}

task<void> write(town& t, sim_runtime& rt, std::string mark, bool idempotent, bool traceable,
                 duration limit) {
  const auto parameters = to_parameters(mark);
  const statement what{"INSERT MARK", parameters};
  const call_options how{
      .deadline = limit, .idempotent = idempotent, .name = "mark", .traceable = traceable};
  auto done = co_await t.db->execute(rt, what, nullptr, how, std::source_location::current());
  t.told[mark].many = idempotent;
  const bool named = traceable && !idempotent && t.store->traces;
  if (!done && done.error().effect == side_effect::unknown)
    t.require(named != done.error().outcome_token.empty(), "a token, iff it is traced");
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
      co_await write(t, rt, mark, kind == 5, t.pick(2) == 0, limit);
    else
      co_await read(t, rt, limit);
    t.require(rt.now() <= began + limit, mark + " ended after its deadline");
    // A user who is not sure tries again, under the same key.
    if (kind < 3 && !t.told[mark].acknowledged && t.pick(2) == 0)
      co_await transact(t, rt, mark, true, limit);
  }
  --t.active;
}

task<void> insist(town& t, sim_runtime& rt, int me) {
  for (int i = 0; i < 10; ++i)
    co_await transact(t, rt, std::to_string(me) + "." + std::to_string(i), false, 1s);
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
    if (!what) continue;
    const bool named = !t.told[mark].keyed && *what == outcome::unknown; // the server was another
    if (!named) t.told[mark].settled = *what;
  }
}

/// Once more under the same keys: what was done gives its first result, what was settled as not
/// done never happens.
task<void> ask_again(town& t, sim_runtime& rt) {
  for (const auto& [mark, r] : t.told) {
    const bool done = r.acknowledged || r.settled == outcome::committed;
    if (!r.keyed || (!done && !r.settled)) continue;
    transaction_options how;
    how.name = "transfer";
    how.operation_key = mark;
    transfer body{t, mark};
    const auto end = co_await t.db->transact(rt, how, std::source_location::current(), body);
    const errc code = end.outcome ? errc{} : end.outcome.error().code;
    if (done) t.require(end.outcome.has_value(), mark + " was done and is not known");
    if (!done) t.require(code == errc::operation_key_reused, mark + " was settled, and not barred");
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
  std::size_t unsure = 0;     ///< not known by their deadline
  std::uint64_t resolved = 0; ///< lost replies whose truth was found out
};

void run(std::uint64_t seed, tally& sum) {
  town t{seed};
  EXPECT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.store->rates = rates_for(t.world);
  t.store->traces = t.pick(2) == 0;
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
  t.loop->run(ask_again(t, *t.loop));
  t.world.run_for(1s);
  expect_truth(t);
  close(t);
  sum.acknowledged += t.acknowledged;
  sum.unsure += t.tokens.size();
}

TEST(stack, who_waits_for_a_host_is_served_as_soon_as_it_is_back) {
  town t{1};
  ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.store->stop();
  t.world.at(t.world.now() + 3s, [&t] { t.store->start(); });
  const time_point back = t.world.now() + 3s;
  t.loop->run(transact(t, *t.loop, "a", true, 20s));
  EXPECT_TRUE(t.told["a"].acknowledged);
  EXPECT_LE(t.world.now() - back, 250ms);
  close(t);
}

TEST(stack, a_server_that_is_full_without_us_is_waited_for_like_one_that_is_down) {
  town t{1};
  ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.store->full = true;
  t.store->stop(); // our sessions are gone, and others take their places
  t.store->start();
  const time_point room = t.world.now() + 3s;
  t.world.at(room, [&t] { t.store->full = false; });
  t.world.at(room - 1s, [&t] {
    t.require(!t.db->status().hosts[0].up, "the host counts as up");
    t.require(t.db->status().attempts < 10, "it was knocked at all the time");
  });
  t.loop->run(transact(t, *t.loop, "a", true, 20s));
  EXPECT_TRUE(t.told["a"].acknowledged);
  EXPECT_LE(t.world.now() - room, 250ms);
  EXPECT_EQ(t.db->status().hosts[0].breaker, breaker_state::closed);
  close(t);
}

TEST(stack, a_server_that_is_full_goes_on_serving_us_on_what_we_have) {
  database_options o;
  o.log.enabled = false;
  o.pool.min_size = 1;
  town t{1, o};
  ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.world.run_for(1s);
  t.store->full = true;
  t.active = 8;
  for (int i = 0; i < t.active; ++i) {
    t.runtimes.emplace_back(t.world);
    t.runtimes.back().spawn(insist(t, t.runtimes.back(), i));
  }
  EXPECT_TRUE(t.world.run_until([&t] { return t.active == 0; }, 1min));
  EXPECT_GE(t.acknowledged, 20) << "an open breaker keeps everybody out";
  EXPECT_TRUE(t.db->status().hosts[0].up);
  EXPECT_EQ(t.db->status().hosts[0].breaker, breaker_state::closed);
  close(t);
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
