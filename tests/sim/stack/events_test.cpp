// What observers are told of one operation, over the whole stack.
#include "database/transaction_core.hpp"
#include "sim/stack/town.hpp"

#include <holdfast/parameter.hpp>
#include <holdfast/trace_id.hpp>

#include <gtest/gtest.h>
#include <set>

namespace holdfast::testing {
namespace {

class recorder final : public observer {
public:
  void on_event(const event& e) noexcept override { seen.push_back(own(e)); }
  [[nodiscard]] std::size_t count(event_kind kind) const {
    std::size_t n = 0;
    for (const auto& e : seen) n += e.kind == kind;
    return n;
  }
  [[nodiscard]] const owned_event* last(event_kind kind) const {
    for (auto e = seen.rbegin(); e != seen.rend(); ++e)
      if (e->kind == kind) return &*e;
    return nullptr;
  }
  /// Of all events that name this operation.
  [[nodiscard]] std::set<std::string> traces_of(std::string_view operation) const {
    std::set<std::string> ids;
    for (const auto& e : seen)
      if (e.operation == operation) ids.insert(e.trace_id);
    return ids;
  }
  std::vector<owned_event> seen;
};

database_options quiet() {
  database_options o;
  o.name = "sim";
  o.pool.min_size = 0;
  o.pool.max_size = 2;
  o.health.interval.reset();
  o.log.enabled = false;
  return o;
}

struct stack_events : ::testing::Test {
  void made(const database_options& o) {
    t = std::make_unique<town>(5, o, seen);
    ASSERT_TRUE(t->loop->run(t->db->open(*t->loop)));
    seen->seen.clear();
  }
  result<statement_result> write(std::string_view name, std::string_view trace = {}) {
    const auto parameters = to_parameters(std::string{name});
    const statement what{"INSERT MARK", parameters};
    const call_options how{.name = name, .trace_id = trace};
    return t->loop->run(
        t->db->execute(*t->loop, what, nullptr, how, std::source_location::current()));
  }
  void TearDown() override {
    EXPECT_TRUE(t->loop->run(t->db->close(*t->loop, 5s)));
    t->loop->cancel();
    t->db.reset();
    t->world.run_for(1s);
  }

  std::shared_ptr<recorder> seen = std::make_shared<recorder>();
  std::unique_ptr<town> t;
};

TEST_F(stack_events, all_events_of_an_operation_and_its_error_carry_one_trace_id) {
  auto o = quiet();
  made(o);
  ASSERT_TRUE(write("well"));
  t->store->rates.conflict = 1;
  const auto failed = write("ill");
  ASSERT_FALSE(failed);
  const auto well = seen->traces_of("well");
  const auto ill = seen->traces_of("ill");
  ASSERT_EQ(well.size(), 1U);
  ASSERT_EQ(ill.size(), 1U);
  EXPECT_TRUE(is_trace_id(*well.begin()));
  EXPECT_NE(*well.begin(), *ill.begin());
  EXPECT_EQ(failed.error().where.trace_id, *ill.begin());
  for (const auto kind :
       {event_kind::operation_started, event_kind::acquire_started, event_kind::acquired,
        event_kind::released, event_kind::attempt_failed, event_kind::retry_scheduled,
        event_kind::retry_declined, event_kind::operation_ended}) {
    const owned_event* const e = seen->last(kind);
    ASSERT_TRUE(e) << to_string(kind);
    EXPECT_EQ(e->trace_id, *ill.begin()) << to_string(kind);
  }
}

TEST_F(stack_events, a_trace_id_that_is_given_is_kept) {
  made(quiet());
  const auto mine = make_trace_id(1, 2);
  ASSERT_TRUE(write("traced", mine.view()));
  EXPECT_EQ(seen->traces_of("traced"), std::set<std::string>{std::string{mine.view()}});
}

TEST_F(stack_events, a_call_that_the_breaker_refuses_is_told) {
  auto o = quiet();
  o.start = start_mode::lazy;
  o.breaker.start_as = breaker_options::mode::forced_open;
  o.retry.on_outage = on_outage::fail_fast;
  made(o);
  const auto refused = write("refused");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::circuit_open);
  ASSERT_EQ(seen->count(event_kind::call_not_permitted), 1U);
  const owned_event* const e = seen->last(event_kind::call_not_permitted);
  EXPECT_EQ(e->operation, "refused");
  EXPECT_EQ(e->trace_id, refused.error().where.trace_id);
  EXPECT_EQ(seen->count(event_kind::attempt_failed), 0U) << "nothing was attempted";
}

/// Conflicts at its first runs.
class stubborn final : public detail::block {
public:
  stubborn(town& t, int conflicts) : town_{t}, conflicts_{conflicts} {}
  task<void> run(detail::transaction_core& tx) override {
    town_.store->rates.conflict = conflicts_-- > 0 ? 1 : 0;
    const auto parameters = to_parameters(std::string{"stubborn"});
    const statement what{"INSERT MARK", parameters};
    auto done = co_await tx.execute(what, nullptr);
    done.value();
  }
  std::string result_text() const override { return "null"; }
  bool restore(std::string_view) override { return true; }

private:
  town& town_;
  int conflicts_;
};

TEST_F(stack_events, a_transaction_that_runs_again_is_told) {
  made(quiet());
  stubborn body{*t, 2};
  const transaction_options how{.name = "stubborn"};
  const auto end =
      t->loop->run(t->db->transact(*t->loop, how, std::source_location::current(), body));
  ASSERT_TRUE(end.outcome);
  EXPECT_EQ(seen->count(event_kind::transaction_begun), 3U);
  ASSERT_EQ(seen->count(event_kind::transaction_retried), 2U);
  EXPECT_EQ(seen->last(event_kind::transaction_retried)->attempt, 3U);
  EXPECT_EQ(seen->traces_of("stubborn").size(), 1U);
}

/// Holds its connection for a while.
class sleepy final : public detail::block {
public:
  explicit sleepy(town& t) : town_{t} {}
  task<void> run(detail::transaction_core&) override {
    (void)co_await town_.loop->sleep_until(town_.loop->now() + 5s);
  }
  std::string result_text() const override { return "null"; }
  bool restore(std::string_view) override { return true; }

private:
  town& town_;
};

TEST_F(stack_events, a_suspected_leak_names_the_caller_and_the_operation) {
  auto o = quiet();
  o.pool.leak_after = 2s;
  made(o);
  sleepy body{*t};
  const transaction_options how{.name = "report.nightly"};
  const auto here = std::source_location::current();
  ASSERT_TRUE(t->loop->run(t->db->transact(*t->loop, how, here, body)).outcome);
  ASSERT_EQ(seen->count(event_kind::leak_suspected), 1U);
  const owned_event* const leak = seen->last(event_kind::leak_suspected);
  EXPECT_EQ(leak->operation, "report.nightly");
  EXPECT_STREQ(leak->caller.file_name(), here.file_name());
  EXPECT_EQ(leak->caller.line(), here.line());
  EXPECT_EQ(seen->traces_of("report.nightly").size(), 1U);
  EXPECT_FALSE(leak->trace_id.empty());
}

} // namespace
} // namespace holdfast::testing
