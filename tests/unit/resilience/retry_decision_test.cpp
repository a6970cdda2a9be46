#include <holdfast/retry_decision.hpp>

#include <gtest/gtest.h>
#include <limits>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using action = retry_decision::action;

constexpr time_point start{1h};
constexpr double plenty = std::numeric_limits<double>::infinity();

error sent(errc code) {
  error e = make_error(code, "test");
  e.when = phase::sent;
  e.effect = side_effect::unknown;
  return e;
}

struct RetryDecision : testing::Test {
  retry_options options;
  retry_terms terms{deadline{start + 30s}};
  retry_state state{{}, 1};
  double budget = plenty;
  duration median{};
  time_point now = start;

  RetryDecision() {
    for (retry_policy* p : {&options.connect, &options.conflict, &options.busy, &options.failover,
                            &options.overload, &options.statement})
      p->backoff.jitter = jitter::none;
  }
  retry_decision decide(const error& e) const {
    return decide_retry({options, terms, state, e, now, 0, median, budget});
  }
  retry_decision decide(errc code) const { return decide(make_error(code, "test")); }
  void used(retry_kind kind, std::uint32_t n) { state.retries[static_cast<std::size_t>(kind)] = n; }
};

TEST_F(RetryDecision, every_code_falls_under_the_right_policy) {
  const std::pair<errc, retry_kind> table[] = {
      {errc::connect_refused, retry_kind::connect},
      {errc::connect_timeout, retry_kind::connect},
      {errc::host_unreachable, retry_kind::connect},
      {errc::server_shutdown, retry_kind::connect},
      {errc::server_starting, retry_kind::connect},
      {errc::pool_cleared, retry_kind::connect},
      {errc::connection_lost, retry_kind::statement},
      {errc::stale_statement, retry_kind::statement},
      {errc::idle_in_transaction_timeout, retry_kind::statement},
      {errc::protocol_violation, retry_kind::statement},
      {errc::serialization_failure, retry_kind::conflict},
      {errc::deadlock, retry_kind::conflict},
      {errc::lock_not_available, retry_kind::conflict},
      {errc::stale_snapshot, retry_kind::conflict},
      {errc::database_busy, retry_kind::busy},
      {errc::read_only_server, retry_kind::failover},
      {errc::no_suitable_host, retry_kind::failover},
      {errc::too_many_connections, retry_kind::overload},
      {errc::server_overloaded, retry_kind::overload},
      {errc::pool_overloaded, retry_kind::overload},
      {errc::out_of_memory, retry_kind::overload},
      {errc::admission_refused, retry_kind::overload},
      {errc::circuit_open, retry_kind::refused},
      {errc::disk_full, retry_kind::none},
      {errc::pool_timeout, retry_kind::none},
      {errc::deadline_exceeded, retry_kind::none},
      {errc::outcome_unknown, retry_kind::none},
      {errc::unique_violation, retry_kind::none},
      {errc::syntax_error, retry_kind::none},
      {errc::authentication_failed, retry_kind::none},
      {errc::certificate_expired, retry_kind::none},
      {errc::cancelled, retry_kind::none},
      {errc::pool_closed, retry_kind::none},
  };
  for (const auto& [code, kind] : table)
    EXPECT_EQ(retry_kind_of(make_error(code, "")), kind) << to_string(code);
}

TEST_F(RetryDecision, a_full_server_is_an_outage_where_the_monitor_says_so) {
  auto shut_out = make_error(errc::too_many_connections, "");
  EXPECT_FALSE(is_outage(shut_out));
  shut_out.kind = category::connection;
  EXPECT_TRUE(is_outage(shut_out));
  EXPECT_EQ(retry_kind_of(shut_out), retry_kind::connect);
}

TEST_F(RetryDecision, a_failover_among_several_hosts_is_waited_for_without_a_token_or_a_count) {
  terms.several_hosts = true;
  budget = 0;
  for (const errc code : {errc::read_only_server, errc::no_suitable_host}) {
    used(retry_kind::failover, 0);
    auto d = decide(code);
    EXPECT_EQ(d.what, action::wait_for_host);
    EXPECT_EQ(d.kind, retry_kind::failover);
    EXPECT_EQ(d.pause, 0ns) << "whoever is known to take writes is asked at once";
    EXPECT_EQ(d.delay, 30s) << "a promotion takes what it takes: until the deadline";
    used(retry_kind::failover, 3);
    d = decide(code);
    EXPECT_EQ(d.pause, 200ms) << "50 ms, doubled twice";
    EXPECT_EQ(d.pause + d.delay, 30s);
    now = start + 30s;
    EXPECT_EQ(decide(code).reason, event_reason::deadline);
    now = start;
  }
}

TEST_F(RetryDecision, a_single_host_that_is_read_only_is_tried_again_by_timer) {
  EXPECT_EQ(decide(errc::read_only_server).what, action::retry);
}

TEST_F(RetryDecision,
       without_a_primary_who_fails_fast_is_told_at_once_unless_it_is_a_planned_switch) {
  terms.several_hosts = true;
  options.on_outage = on_outage::fail_fast;
  EXPECT_EQ(decide(errc::no_suitable_host).reason, event_reason::connection_error);
  EXPECT_EQ(decide(errc::read_only_server).what, action::wait_for_host);
  error suspended = make_error(errc::no_suitable_host, "suspended");
  suspended.next = advice::back_off;
  EXPECT_EQ(decide(suspended).what, action::wait_for_host);
}

TEST_F(RetryDecision, what_cannot_help_is_not_tried) {
  const auto d = decide(errc::syntax_error);
  EXPECT_EQ(d.what, action::give_up);
  EXPECT_EQ(d.reason, event_reason::none);
}

TEST_F(RetryDecision, sent_write_is_never_retried_unless_idempotent_or_without_effect) {
  error e = sent(errc::connection_lost);
  EXPECT_EQ(decide(e).what, action::give_up);
  EXPECT_EQ(decide(e).reason, event_reason::not_safe);
  e.effect = side_effect::applied;
  EXPECT_EQ(decide(e).reason, event_reason::not_safe);
  e.effect = side_effect::none;
  EXPECT_EQ(decide(e).what, action::retry);
  e.effect = side_effect::unknown;
  terms.idempotent = true;
  EXPECT_EQ(decide(e).what, action::retry);
}

TEST_F(RetryDecision, property_no_unsafe_retry_for_any_code_scope_or_state) {
  for (int c = 0; c <= static_cast<int>(errc::internal_error); ++c)
    for (int advised = 0; advised <= static_cast<int>(advice::give_up); ++advised)
      for (const auto scope :
           {retry_scope::statement, retry_scope::in_transaction, retry_scope::transaction})
        for (const bool monitor : {false, true}) {
          error e = sent(static_cast<errc>(c));
          e.next = static_cast<advice>(advised);
          terms.scope = scope;
          terms.host_monitor = monitor;
          EXPECT_EQ(decide(e).what, action::give_up) << to_string(e.code);
        }
}

TEST_F(RetryDecision, a_doubt_is_asked_after_until_the_deadline_and_costs_nothing) {
  terms.in_doubt = true;
  budget = 0;
  used(retry_kind::statement, 1000);
  const auto next = decide(sent(errc::connection_lost));
  EXPECT_EQ(next.what, action::retry);
  EXPECT_EQ(next.cost, 0);
  now = start + 30s - 1ms;
  EXPECT_EQ(decide(sent(errc::connection_lost)).reason, event_reason::deadline);
}

TEST_F(RetryDecision, in_doubt_a_host_is_waited_for_longer_than_the_connect_policy_says) {
  state.waited = 20s;
  EXPECT_EQ(decide(errc::connect_refused).what, action::retry); // no monitor: by timer
  terms.host_monitor = true;
  EXPECT_EQ(decide(errc::connect_refused).what, action::give_up);
  terms.in_doubt = true;
  EXPECT_EQ(decide(errc::connect_refused).what, action::wait_for_host);
  options.on_outage = on_outage::fail_fast;
  EXPECT_EQ(decide(errc::connect_refused).what, action::give_up);
}

TEST_F(RetryDecision, inside_a_block_only_what_left_the_block_alive) {
  terms.scope = retry_scope::in_transaction;
  error e = make_error(errc::database_busy, "");
  EXPECT_EQ(decide(e).what, action::retry);
  e.transaction_usable = false;
  EXPECT_EQ(decide(e).reason, event_reason::not_safe);
  EXPECT_EQ(decide(errc::deadlock).reason, event_reason::not_safe);
  error lost = make_error(errc::connection_lost, "");
  lost.connection_usable = false;
  EXPECT_EQ(decide(lost).reason, event_reason::not_safe);
  terms.scope = retry_scope::transaction;
  EXPECT_EQ(decide(errc::deadlock).what, action::retry);
  EXPECT_EQ(decide(lost).what, action::retry);
}

TEST_F(RetryDecision, counts_are_per_kind) {
  used(retry_kind::conflict, 10);
  EXPECT_EQ(decide(errc::deadlock).what, action::give_up);
  EXPECT_EQ(decide(errc::deadlock).reason, event_reason::attempts);
  EXPECT_EQ(decide(errc::connect_refused).what, action::retry);
  used(retry_kind::connect, 3);
  EXPECT_EQ(decide(errc::connect_refused).reason, event_reason::attempts);
  used(retry_kind::failover, 1000);
  EXPECT_EQ(decide(errc::read_only_server).what, action::retry) << "until the deadline";
}

TEST_F(RetryDecision, delays_follow_the_policy) {
  EXPECT_EQ(decide(errc::connect_refused).delay, 1s);
  EXPECT_EQ(decide(errc::connection_lost).delay, 0s);
  used(retry_kind::statement, 1);
  EXPECT_EQ(decide(errc::connection_lost).delay, 500ms);
  used(retry_kind::conflict, 3);
  EXPECT_EQ(decide(errc::deadlock).delay, 40ms);
  error e = make_error(errc::server_overloaded, "");
  e.retry_after = 3s;
  EXPECT_EQ(decide(e).delay, 3s);
}

TEST_F(RetryDecision, declined_when_delay_and_median_do_not_fit_the_deadline) {
  terms.until = deadline{start + 1500ms};
  median = 400ms;
  EXPECT_EQ(decide(errc::connect_refused).what, action::retry);
  median = 501ms;
  const auto d = decide(errc::connect_refused);
  EXPECT_EQ(d.what, action::give_up);
  EXPECT_EQ(d.reason, event_reason::deadline);
  median = 0s;
  now = start + 1500ms;
  EXPECT_EQ(decide(errc::connection_lost).reason, event_reason::deadline) << "nothing is left";
  now = start + 1499ms;
  EXPECT_EQ(decide(errc::connection_lost).what, action::retry);
}

TEST_F(RetryDecision, budget_is_asked_except_by_conflicts_and_refusals) {
  budget = 0.5;
  EXPECT_EQ(decide(errc::connect_refused).reason, event_reason::budget);
  EXPECT_EQ(decide(errc::connection_lost).reason, event_reason::budget);
  EXPECT_EQ(decide(errc::deadlock).what, action::retry);
  EXPECT_EQ(decide(errc::deadlock).cost, 0);
  EXPECT_EQ(decide(errc::database_busy).what, action::retry);
  EXPECT_EQ(decide(errc::admission_refused).what, action::retry);
  EXPECT_EQ(decide(errc::stale_statement).what, action::retry) << "the server is well";
  options.conflict.budget_cost = 1; // as `same_for_all` may say
  EXPECT_EQ(decide(errc::deadlock).what, action::retry) << "whatever the policy costs";
  budget = 1.5;
  EXPECT_EQ(decide(errc::connect_refused).cost, 1);
  EXPECT_EQ(decide(errc::server_overloaded).reason, event_reason::budget) << "costs two";
}

TEST_F(RetryDecision, outage_waits_for_the_host_and_asks_no_token) {
  terms.host_monitor = true;
  budget = 0;
  const auto d = decide(errc::connect_refused);
  EXPECT_EQ(d.what, action::wait_for_host);
  EXPECT_EQ(d.delay, 7s) << "the connect policy's delays: 1 + 2 + 4";
  EXPECT_EQ(d.pause, 0s);
  EXPECT_EQ(d.cost, 0);
  terms.until = deadline{start + 2s};
  EXPECT_EQ(decide(errc::pool_cleared).delay, 2s);
}

TEST_F(RetryDecision, who_waited_in_vain_pauses_first_and_not_for_ever) {
  terms.host_monitor = true;
  used(retry_kind::connect, 2);
  state.waited = 3s;
  const auto d = decide(errc::connect_refused);
  EXPECT_EQ(d.what, action::wait_for_host);
  EXPECT_EQ(d.pause, 100ms);
  EXPECT_EQ(d.delay, 7s - 3s - 100ms);
  state.waited = 7s;
  EXPECT_EQ(decide(errc::connect_refused).reason, event_reason::attempts);
  options.connect.max_retries.reset();
  EXPECT_EQ(decide(errc::connect_refused).delay, 30s - 100ms);
  now = start + 30s;
  EXPECT_EQ(decide(errc::connect_refused).reason, event_reason::deadline);
}

TEST_F(RetryDecision, fail_fast_tells_the_cause_at_once) {
  options.on_outage = on_outage::fail_fast;
  for (const bool monitor : {false, true}) {
    terms.host_monitor = monitor;
    EXPECT_EQ(decide(errc::connect_refused).reason, event_reason::connection_error);
    EXPECT_EQ(decide(errc::circuit_open).reason, event_reason::connection_error);
    EXPECT_EQ(decide(errc::connection_lost).what, action::retry) << "one connection, not a host";
  }
}

TEST_F(RetryDecision, many_broken_connections_borrow_one_late_retry) {
  budget = 0;
  EXPECT_EQ(decide(errc::connection_lost).reason, event_reason::budget);
  terms.host_monitor = true;
  const auto d = decide(errc::connection_lost);
  EXPECT_EQ(d.what, action::retry);
  EXPECT_EQ(d.delay, 500ms) << "not at once: the monitor shall know by then";
  EXPECT_EQ(d.cost, 0);
  state.lent = true;
  EXPECT_EQ(decide(errc::connection_lost).reason, event_reason::budget);
}

TEST_F(RetryDecision, an_open_breaker_is_knocked_at_within_patience) {
  budget = 0;
  error e = make_error(errc::circuit_open, "");
  EXPECT_EQ(decide(e).what, action::retry);
  EXPECT_EQ(decide(e).delay, 100ms);
  e.retry_after = 5s;
  EXPECT_EQ(decide(e).delay, 5s);
  e.retry_after = 8s;
  EXPECT_EQ(decide(e).reason, event_reason::attempts) << "longer than an outage is waited for";
  e.retry_after = 31s;
  EXPECT_EQ(decide(e).reason, event_reason::deadline);
}

TEST(RetrySession, spends_and_counts) {
  const retry_options options;
  retry_budget budget{{2.0, 0.1}};
  retry_session s{options, {deadline{start + 30s}}, start};
  s.attempt_begins();
  auto d = s.failed(make_error(errc::connection_lost, ""), start, 0, 0s, &budget);
  EXPECT_EQ(d.what, action::retry);
  EXPECT_DOUBLE_EQ(budget.balance(), 1.0);
  s.attempt_begins();
  d = s.failed(make_error(errc::deadlock, ""), start, 0, 0s, &budget);
  EXPECT_EQ(d.what, action::retry);
  EXPECT_DOUBLE_EQ(budget.balance(), 1.0) << "a conflict costs nothing";
  s.attempt_begins();
  d = s.failed(make_error(errc::connection_lost, ""), start, 0, 0s, &budget);
  EXPECT_EQ(d.what, action::retry);
  s.attempt_begins();
  d = s.failed(make_error(errc::connection_lost, ""), start + 2s, 0, 0s, &budget);
  EXPECT_EQ(d.reason, event_reason::attempts);
  const error e = s.take_error(start + 2s);
  EXPECT_EQ(e.code, errc::connection_lost);
  EXPECT_EQ(e.where.attempt, 4U);
  EXPECT_EQ(e.where.elapsed, 2s);
  EXPECT_NE(e.message.find("4 attempts in 2000 ms"), std::string::npos) << e.message;
}

TEST(RetrySession, returns_the_last_real_error_never_a_refusal) {
  const retry_options options;
  retry_session s{options, {deadline{start + 30s}}, start};
  s.attempt_begins();
  (void)s.failed(make_error(errc::connect_refused, "the real cause"), start, 0, 0s, nullptr);
  (void)s.failed(make_error(errc::circuit_open, "open"), start, 0, 0s, nullptr);
  (void)s.failed(make_error(errc::circuit_open, "open"), start, 0, 0s, nullptr);
  EXPECT_EQ(s.take_error(start).code, errc::connect_refused);
  retry_session only_refused{options, {deadline{start + 30s}}, start};
  (void)only_refused.failed(make_error(errc::circuit_open, "open"), start, 0, 0s, nullptr);
  EXPECT_EQ(only_refused.take_error(start).code, errc::circuit_open);
}

TEST(RetrySession, an_unknown_effect_is_not_forgotten_by_later_failures) {
  const retry_options options;
  retry_session s{options, {deadline{start + 30s}, true}, start};
  error first = sent(errc::connection_lost);
  first.outcome_token = "token";
  s.attempt_begins();
  EXPECT_EQ(s.failed(first, start, 0, 0s, nullptr).what, action::retry);
  s.attempt_begins();
  (void)s.failed(make_error(errc::connect_refused, ""), start, 0, 0s, nullptr);
  const error e = s.take_error(start);
  EXPECT_EQ(e.code, errc::connect_refused);
  EXPECT_EQ(e.effect, side_effect::unknown);
  EXPECT_EQ(e.outcome_token, "token");
}

TEST(RetrySession, what_was_settled_is_forgotten_and_what_was_declared_is_not) {
  const retry_options options;
  retry_session s{options, {deadline{start + 30s}}, start};
  error lost = sent(errc::connection_lost);
  lost.outcome_token = "which";
  s.note_facts(false, true, false);
  EXPECT_NE(s.failed(lost, start, 0, {}, nullptr).what, action::give_up);
  s.note_facts(false, false, true); // the next attempt found out that it did not commit, and failed
  EXPECT_EQ(s.failed(make_error(errc::unique_violation, "test"), start, 0, {}, nullptr).what,
            action::give_up);
  const error told = s.take_error(start);
  EXPECT_EQ(told.effect, side_effect::none);
  EXPECT_EQ(told.outcome_token, "");
  // Each failure stands for itself: one that cannot be asked after is not retried.
  s.note_facts(false, false, false);
  EXPECT_EQ(s.failed(lost, start, 0, {}, nullptr).reason, event_reason::not_safe);
}

TEST(RetrySession, an_empty_budget_lends_once) {
  const retry_options options;
  retry_budget budget{{1.0, 0.1}};
  ASSERT_TRUE(budget.try_spend(1));
  retry_terms terms{deadline{start + 30s}};
  terms.host_monitor = true;
  retry_session s{options, terms, start};
  const error lost = make_error(errc::connection_lost, "");
  EXPECT_EQ(s.failed(lost, start, 0, 0s, &budget).what, action::retry);
  EXPECT_EQ(s.failed(lost, start, 0, 0s, &budget).reason, event_reason::budget);
}

} // namespace
} // namespace holdfast
