// Queued writes: each takes effect once and in its order, whatever the network, the server and the
// program that drains them do.
#include "database/journal_core.hpp"
#include "sim/stack/town.hpp"

#include <holdfast/parameter.hpp>

#include <algorithm>
#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

using detail::appended;
using detail::journal_core;
using detail::journal_entry;

/// The disk: outlives the program.
struct disk {
  std::vector<journal_entry> queued;
  std::vector<detail::refused_entry> refused;
  std::int64_t next = 1;
};

class memory_store final : public detail::journal_store {
public:
  memory_store(disk& on, simulator& world) : on_{on}, world_{world} {}

  task<result<detail::journal_totals>> totals(runtime&) override {
    detail::journal_totals t;
    for (const auto& e : on_.queued) {
      ++t.queued;
      t.bytes += room_of(e);
    }
    if (!on_.queued.empty()) t.oldest = on_.queued.front().queued_at;
    t.refused = static_cast<std::int64_t>(on_.refused.size());
    co_return t;
  }
  task<result<appended>> append(runtime& rt, const journal_entry& e) override {
    (void)co_await rt.sleep_until(rt.now() + 1ms);
    for (const auto& old : on_.queued)
      if (old.key == e.key)
        co_return old.parameters == e.parameters ? appended::known : appended::reused;
    for (const auto& old : on_.refused)
      if (old.key == e.key) co_return appended::refused;
    on_.queued.push_back(e);
    on_.queued.back().id = on_.next++;
    co_return appended::added;
  }
  task<result<std::optional<journal_entry>>> front(runtime&) override {
    if (on_.queued.empty()) co_return std::optional<journal_entry>{};
    co_return std::optional<journal_entry>{on_.queued.front()};
  }
  task<result<void>> remove(runtime& rt, std::int64_t id) override {
    // Killed between the effect and this, it is never removed.
    const wait_status slept = co_await rt.sleep_until(rt.now() + 1ms);
    if (slept == wait_status::cancelled) co_return make_error(errc::cancelled, "killed");
    if (world_.random() % 8 == 0) co_return make_error(errc::io_failure, "the disk");
    std::erase_if(on_.queued, [id](const auto& e) { return e.id == id; });
    co_return result<void>{};
  }
  task<result<void>> put_aside(runtime&, std::int64_t id, std::string why) override {
    const auto at = std::ranges::find(on_.queued, id, &journal_entry::id);
    on_.refused.push_back({at->key, at->text, at->parameters, at->queued_at, why});
    on_.queued.erase(at);
    co_return result<void>{};
  }
  task<result<std::vector<detail::refused_entry>>> refused(runtime&) override {
    co_return on_.refused;
  }
  task<result<bool>> forget(runtime&, std::string key) override {
    co_return std::erase_if(on_.refused, [&](const auto& e) { return e.key == key; }) > 0;
  }

private:
  disk& on_;
  simulator& world_;
};

database_options quiet() {
  database_options o;
  o.name = "sim";
  o.pool.min_size = 1;
  o.pool.max_size = 3;
  o.pool.connect_timeout = 1s;
  o.health.interval.reset();
  o.log.enabled = false;
  return o;
}

struct stack_journal : ::testing::Test, town {
  explicit stack_journal(std::uint64_t seed = 3) : town{seed, quiet()} {}
  void SetUp() override {
    ASSERT_TRUE(loop->run(db->open(*loop)));
    begin();
  }
  void TearDown() override {
    kill();
    store->start();
    store->rates = {};
    world.run_for(10s);
    EXPECT_TRUE(loop->run(db->close(*loop, 5s)));
    loop->cancel();
    db.reset();
    world.run_for(1s);
  }

  void begin(journal_options o = {}) {
    o.file = "journal.db";
    journal =
        std::make_shared<journal_core>(*db, std::make_unique<memory_store>(file, world), o,
                                       [this] { return world.now().time_since_epoch() / 1ms; });
    ASSERT_TRUE(loop->run(journal->open(*loop)));
  }
  /// As a kill: the drain ends at whatever it waits for.
  void kill() {
    if (!journal) return;
    EXPECT_TRUE(loop->run(journal->stop(*loop, deadline::after(world.now(), 5s))));
    journal.reset();
  }
  result<journaled> write(const std::string& key, std::string_view text = "INSERT MARK") {
    const auto parameters = to_parameters(key);
    const statement what{text, parameters};
    return loop->run(journal->execute(*loop, key, what, std::source_location::current()));
  }
  bool drained(duration limit = 1min) {
    return loop->run(journal->wait_until_empty(*loop, deadline::after(world.now(), limit)));
  }

  disk file;
  std::shared_ptr<journal_core> journal;
};

TEST_F(stack_journal, a_healthy_database_is_written_at_once) {
  EXPECT_EQ(write("a").value(), journaled::done);
  EXPECT_EQ(store->marks["a"], 1);
  EXPECT_TRUE(file.queued.empty());
}

TEST_F(stack_journal, writes_of_an_outage_are_queued_at_once_and_drained_when_it_is_over) {
  EXPECT_EQ(write("before").value(), journaled::done);
  store->stop();
  world.run_for(1s);
  for (int i = 0; i < 5; ++i) {
    const time_point began = world.now();
    EXPECT_EQ(write("w" + std::to_string(i)).value(), journaled::queued);
    EXPECT_LT(world.now() - began, 2s);
  }
  world.run_for(10s);
  auto s = journal->status();
  EXPECT_EQ(s.queued, 5U);
  EXPECT_GE(s.oldest, 10s);
  EXPECT_GT(s.bytes, 0U);
  EXPECT_FALSE(s.last_error.empty());
  EXPECT_EQ(store->marks.size(), 1U);
  store->start();
  EXPECT_TRUE(drained(30s));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(store->marks["w" + std::to_string(i)], 1);
  s = journal->status();
  EXPECT_EQ(s.queued, 0U);
  EXPECT_EQ(s.bytes, 0U);
  EXPECT_EQ(s.drained, 5U);
  EXPECT_EQ(s.oldest, 0s);
  EXPECT_EQ(s.last_error, "");
  EXPECT_EQ(write("after").value(), journaled::done);
}

TEST_F(stack_journal, the_server_says_no_and_the_caller_hears_it) {
  const auto r = write("a", "INSERT NONSENSE");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::syntax_error);
  EXPECT_TRUE(file.queued.empty());
  EXPECT_FALSE(write("")) << "without a key";
}

TEST_F(stack_journal, while_others_wait_nobody_overtakes) {
  store->stop();
  world.run_for(1s);
  ASSERT_EQ(write("first").value(), journaled::queued);
  store->start();
  ASSERT_EQ(write("second").value(), journaled::queued);
  EXPECT_FALSE(store->marks.contains("second") && !store->marks.contains("first"));
  EXPECT_TRUE(drained());
}

TEST_F(stack_journal, a_refused_write_is_put_aside_and_the_next_one_goes) {
  store->stop();
  world.run_for(1s);
  ASSERT_TRUE(write("a"));
  ASSERT_TRUE(write("bad", "INSERT NONSENSE"));
  ASSERT_TRUE(write("c"));
  store->start();
  EXPECT_TRUE(drained());
  EXPECT_EQ(store->marks["a"], 1);
  EXPECT_EQ(store->marks["c"], 1);
  ASSERT_EQ(file.refused.size(), 1U);
  EXPECT_EQ(file.refused[0].key, "bad");
  EXPECT_NE(file.refused[0].why.find("syntax_error"), std::string::npos) << file.refused[0].why;
  EXPECT_EQ(journal->status().refused, 1U);
  EXPECT_EQ(journal->status().drained, 2U);
}

TEST_F(stack_journal, it_is_bounded_and_a_full_one_tells_the_real_cause) {
  kill();
  begin({.max_queued = 3});
  store->stop();
  world.run_for(1s);
  EXPECT_TRUE(write("a"));
  EXPECT_TRUE(write("b"));
  EXPECT_TRUE(write("b")) << "known already";
  EXPECT_EQ(journal->status().queued, 2U);
  EXPECT_TRUE(write("b2"));
  const auto full = write("c");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, errc::admission_refused);
  EXPECT_NE(full.error().message.find("holds 3 writes"), std::string::npos);
  kill();
  begin({.max_bytes = 40}); // what is there already is more
  EXPECT_EQ(journal->status().queued, 3U) << "counted anew at the start";
  EXPECT_FALSE(write("d"));
}

TEST_F(stack_journal, one_key_stands_for_one_write) {
  store->stop();
  world.run_for(1s);
  ASSERT_TRUE(write("a"));
  const auto parameters = to_parameters(std::string{"other"});
  const statement what{"INSERT MARK", parameters};
  const auto r = loop->run(journal->execute(*loop, "a", what, std::source_location::current()));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::operation_key_reused);
}

TEST_F(stack_journal, what_waited_too_long_is_put_aside_unsent) {
  kill();
  begin({.max_age = 1h});
  store->stop();
  world.run_for(1s);
  ASSERT_TRUE(write("old"));
  kill();
  world.run_for(2h);
  store->start();
  begin({.max_age = 1h});
  EXPECT_TRUE(drained());
  EXPECT_EQ(store->marks.size(), 0U);
  ASSERT_EQ(file.refused.size(), 1U);
  EXPECT_NE(file.refused[0].why.find("max_age"), std::string::npos);
}

struct storm : stack_journal {
  explicit storm(std::uint64_t seed) : stack_journal{seed} {}
  void TestBody() override {}
  using stack_journal::SetUp;
  using stack_journal::TearDown;
};

/// One caller writes through outages, a bad network and kills of the program; the order of effects
/// is seen by the order in which marks appear.
void live_through(std::uint64_t seed) {
  storm t{seed};
  t.SetUp();
  std::vector<std::string> seen;
  t.world.after_each_step([&t, &seen] {
    t.check();
    for (const auto& [mark, times] : t.store->marks) {
      if (times > 1) throw std::logic_error{mark + " took effect twice"};
      if (std::ranges::find(seen, mark) == seen.end()) seen.push_back(mark);
    }
  });
  t.store->rates = {.lost = 12, .late = 6, .stall = 40, .conflict = 10, .connect = 10};
  std::vector<std::string> accepted;
  for (int i = 0; i < 60; ++i) {
    const std::string key = "w" + std::to_string(100 + i);
    const auto r = t.write(key);
    EXPECT_TRUE(r) << to_string(r.error());
    if (r) accepted.push_back(key);
    if (i % 9 == 3) t.store->stop();
    if (i % 9 == 7) t.store->start();
    if (i % 7 == 5) { // killed at any moment of a drain, and started anew
      t.world.run_for(t.store->some(3s));
      t.kill();
      t.begin();
    }
    t.world.run_for(t.store->some(200ms));
  }
  t.store->start();
  t.store->rates = {};
  EXPECT_TRUE(t.drained(10min)) << t.journal->status().last_error;
  EXPECT_EQ(seen, accepted) << "each once, in the order of its writing";
  t.world.after_each_step([&t] { t.check(); });
  t.TearDown();
}

TEST(stack_journal_storm, each_write_takes_effect_once_and_in_order) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    live_through(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(DrainVerdict, what_the_server_refuses_for_good_is_put_aside_all_else_waits) {
  using enum errc;
  for (const errc aside :
       {unique_violation, foreign_key_violation, check_violation, syntax_error, unknown_object,
        value_out_of_range, operation_key_reused, implicit_commit})
    EXPECT_EQ(detail::judge_drain(make_error(aside, "")), detail::drain_verdict::put_aside);
  for (const errc waits :
       {connect_refused, connection_lost, deadline_exceeded, outcome_unknown, serialization_failure,
        permission_denied, authentication_failed, operation_table_missing, disk_full,
        read_only_server, read_only_transaction, stale_statement, cancelled, circuit_open,
        pool_timeout, server_error})
    EXPECT_EQ(detail::judge_drain(make_error(waits, "")), detail::drain_verdict::wait)
        << to_string(waits);
  auto doubtful = make_error(unique_violation, "");
  doubtful.effect = side_effect::unknown;
  EXPECT_EQ(detail::judge_drain(doubtful), detail::drain_verdict::wait) << "it may be committed";
}

TEST(DrainPause, doubles_to_a_second_and_spreads) {
  EXPECT_EQ(detail::drain_pause(1, 0), 50ms);
  EXPECT_EQ(detail::drain_pause(3, 0), 200ms);
  EXPECT_EQ(detail::drain_pause(1000, 0), 1s);
  EXPECT_GT(detail::drain_pause(1000, 1023), 750ms);
  EXPECT_LT(detail::drain_pause(1000, 1023), 752ms);
}

} // namespace
} // namespace holdfast::testing
