// Old operation keys go, and no young one, whatever happens meanwhile.
#include "database/operation_key.hpp"
#include "database/operation_prune.hpp"
#include "sim/stack/town.hpp"

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

constexpr duration retention = 7 * 24h;

database_options keeps_a_week() {
  database_options o;
  o.log.enabled = false;
  o.health.interval.reset();
  o.pool.maintenance_interval = 10min; // a month of it each second would take the test a minute
  o.operation_keys.enabled = true;
  o.operation_keys.retention = retention;
  return o;
}

class empty_block final : public detail::block {
public:
  task<void> run(detail::transaction_core&) override { co_return; }
  bool restore(std::string_view) override { return true; }
  [[nodiscard]] std::string result_text() const override { return "null"; }
};

void close(town& t) {
  EXPECT_TRUE(t.loop->run(t.db->close(*t.loop, 5s)));
  t.loop->cancel();
  t.db.reset();
  t.world.run_for(1s);
}

TEST(stack_prune, old_keys_go_in_batches_and_their_tokens_are_unknown) {
  town t{1, keeps_a_week()};
  for (int i = 0; i < 5 * detail::prune_batch / 2; ++i) // older than the world: at its zero
    t.store->operations["old-" + std::to_string(i)] = {.fingerprint = "f", .created = -1'000'000};
  ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.world.run_for(1min + detail::prune_interval(retention));
  EXPECT_TRUE(t.store->operations.empty());
  EXPECT_EQ(t.loop->run(t.db->outcome_of(*t.loop, "hf1.-1000000.old-7")).value(), outcome::unknown);
  close(t);
}

TEST(stack_prune, without_keys_nothing_is_asked_or_deleted) {
  auto options = keeps_a_week();
  options.operation_keys.enabled = false;
  town t{1, options};
  t.store->operations["old"] = {.fingerprint = "f", .created = -1'000'000};
  ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.world.run_for(24h);
  EXPECT_EQ(t.store->operations.size(), 1U);
  close(t);
}

/// A keyed write every few hours for a month, on a bad network and a server that restarts.
void live_a_month(std::uint64_t seed) {
  town t{seed, keeps_a_week()};
  t.world.run_for(10s); // a token of second 0 would not know its time
  ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.store->rates = rates_for(t.world);
  std::map<std::string, std::int64_t> made; // tokens, and when
  for (int i = 0; i < 100; ++i) {
    const std::string key = "write-" + std::to_string(i);
    transaction_options how;
    how.operation_key = key;
    how.name = "write";
    const std::int64_t began = t.store->seconds();
    empty_block body;
    auto end = t.loop->run(t.db->transact(*t.loop, how, std::source_location::current(), body));
    if (end.outcome) made[detail::to_string(detail::key_token{began, key})] = began;
    t.world.run_for(6h + t.store->some(8h));
    if (i % 10 == 0) t.store->stop();
    t.world.run_for(5min);
    t.store->start();
  }
  t.store->rates = {};
  t.world.run_for(2 * detail::prune_interval(retention));
  EXPECT_GT(t.store->youngest_deleted, retention / 1s) << "a key went too early";
  const std::int64_t oldest = t.store->seconds() - (retention + 24h) / 1s;
  int forgotten = 0;
  for (const auto& [token, began] : made) {
    const auto known = t.loop->run(t.db->outcome_of(*t.loop, token)).value();
    EXPECT_NE(known, outcome::not_committed) << token << ": a lie";
    if (began > t.store->seconds() - retention / 1s) {
      EXPECT_EQ(known, outcome::committed) << token << ": forgotten too early";
    }
    if (began < oldest) {
      EXPECT_EQ(known, outcome::unknown) << token << ": never pruned";
    }
    forgotten += known == outcome::unknown ? 1 : 0;
  }
  EXPECT_GT(forgotten, 10) << "nothing much was pruned";
  close(t);
}

TEST(stack_prune, no_key_goes_before_its_time) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    live_a_month(seed);
    if (HasFailure()) return;
  }
}

} // namespace
} // namespace holdfast::testing
