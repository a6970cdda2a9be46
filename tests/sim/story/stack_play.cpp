// Plays a story of the whole stack: facade, retry, breaker, pool, and the fake engine.
#include "sim/story/scenarios.hpp"
#include "sim/story/stack_town.hpp"
#include "sim/story/weather.hpp"

namespace holdfast::sim {

namespace {

/// No attempt begins any more; who has begun is not waited for.
task<void> hold(stack_town& t) {
  t.audit->suspended();
  (void)co_await t.db->suspend(*t.loop, duration{});
}

void let_go(stack_town& t) {
  t.db->resume();
  t.audit->resumed(t.world.now());
}

// The first success comes within 250 ms of the server accepting again; the probe alone is quicker.
constexpr duration recovery = 250ms;
constexpr duration longest_story = 30min;

/// Opens, probes, ramps and closes within a story.
breaker_options quick_breaker(testing::random_source& chance) {
  breaker_options o;
  o.window_calls = 20;
  o.minimum_calls = static_cast<std::uint32_t>(chance.between(2, 6));
  o.failure_rate_threshold = 0.3;
  o.slow_call_after = 300ms;
  o.open_for = std::chrono::milliseconds{chance.between(20, 400)};
  o.max_open_for = 1s;
  o.half_open_probes = static_cast<std::uint32_t>(chance.between(1, 3));
  o.ramp = std::chrono::milliseconds{chance.one_in(2) ? 0 : 300};
  return o;
}

database_options options_for(const plan& p, flavour f) {
  testing::random_source chance{~p.seed};
  const auto pick = [&chance](std::int64_t n) {
    return static_cast<std::uint32_t>(chance.below(n));
  };
  database_options o;
  o.name = "sim";
  o.start = start_mode::connect;
  o.operation_keys.enabled = p.of->shares.keyed > 0;
  o.pool.min_size = pick(3);
  o.pool.max_size = 3 + pick(5);
  o.pool.max_connecting = 1 + pick(3);
  o.pool.acquire_timeout = 2s;
  o.pool.connect_timeout = 1s;
  o.pool.ping_after_idle = 20ms;
  o.health.interval = 1s;
  o.log.enabled = false;
  const bool mixed = f == flavour::any && pick(4) == 0;
  o.retry.on_outage = mixed || f == flavour::fail_fast ? on_outage::fail_fast : on_outage::wait;
  o.retry_budget.capacity = pick(2) == 0 ? 10 : 1000; // a poor and a rich one
  if (pick(2) == 0) o.breaker = quick_breaker(chance);
  if (f != flavour::crowded) return o;
  o.limiter.enabled = pick(2) == 0;
  o.limiter.ceiling = o.pool.max_size;
  o.pool.wait_queue_limit = 4 + pick(8);
  o.pool.acquire_timeout = 300ms;
  o.pool.newest_first = pick(3) == 0;
  return o;
}

/// Who waits for a host is served as soon as it is back.
void expect_recovery(stack_town& t) {
  const auto begun = t.store->starts;
  t.world.at(t.world.now() + recovery, [&t, begun] {
    if (t.store->starts != begun || t.world.now() < t.hung + 2s) return;
    t.require(t.db->status().hosts[0].up, "the server is back for 250 ms, and still thought away");
  });
}

void reset(stack_town& t) {
  t.audit->note_reset();
  t.db->reset();
}

void bring_weather(stack_town& t) {
  testing::fake_store& s = *t.store;
  const auto on = [&t](fault_kind kind, const spell& what) {
    bring(t.world, t.story, kind, what, [&t](std::uint32_t number) { t.faults.note(number); });
  };
  const auto back = [&t, &s] {
    s.start();
    expect_recovery(t);
  };
  on(fault_kind::outage, {[&s](const fault&) { s.stop(); }, back});
  // Nobody is cut off: a ping that passes proves nothing.
  const auto demoted = [&s](const fault&) {
    ++s.demotions;
    s.read_only = true;
  };
  on(fault_kind::demotion, {demoted, [&s] { s.read_only = false; }});
  // Who lets in nobody counts as away, too.
  const auto fills = [&t, &s](const fault& f) {
    s.full = true;
    t.hung = std::max(t.hung, t.world.now() + f.lasts);
  };
  on(fault_kind::full, {fills, [&s] { s.full = false; }});
  const auto hangs = [&t, &s](const fault& f) {
    s.hanging = true;
    t.hung = std::max(t.hung, t.world.now() + f.lasts);
  };
  on(fault_kind::hang, {hangs, [&s] { s.hanging = false; }});
  const auto calm = s.capacity;
  on(fault_kind::crowd,
     {[&s](const fault&) { s.capacity = 1; }, [&s, calm] { s.capacity = calm; }});
  on(fault_kind::rotation, {[&s](const fault&) { ++s.credential; }});
  on(fault_kind::reset, {[&t](const fault&) { reset(t); }});
  on(fault_kind::suspend, {[&t](const fault&) { t.loop->spawn(hold(t)); }, [&t] { let_go(t); }});
  const auto cancels = [&t](const fault& f) {
    const auto& who = t.story.callers;
    for (std::size_t i = 0; i < who.size(); ++i)
      if (who[i] == f.caller) t.runtimes[i].cancel();
  };
  on(fault_kind::cancel, {cancels});
}

void live_all(stack_town& t) {
  t.faults.keeps_up(*t.loop);
  for (const std::uint32_t caller : t.story.callers) {
    t.runtimes.emplace_back(t.world);
    ++t.active;
    t.runtimes.back().spawn(live(t, t.runtimes.back(), caller));
  }
  bring_weather(t);
  const bool ended = t.run_until([&t] { return t.active == 0; }, longest_story);
  t.require(ended, "a caller hangs: a waiter was lost");
}

void look_back(stack_town& t) {
  // Spells end, COMMITs under way, and what of the upkeep was stalled, at its deadline.
  t.run_until([] { return false; }, t.story.of->lasts + t.options.deadline + 5s);
  t.faults.end();
  // A breaker that is open or ramping may refuse still: by design.
  if (t.db->status().hosts[0].breaker == breaker_state::closed)
    t.require(t.run(write_in_fair_weather(t, *t.loop), longest_story), "a last write hangs");
  reset(t);
  t.require(t.run(settle(t, *t.loop), longest_story), "asking for an outcome hangs");
  t.require(t.run(ask_again(t, *t.loop), longest_story), "asking again hangs");
  if (t.broken().empty()) compare_books(t);
}

task<void> close(stack_town& t) {
  const bool drained = co_await t.db->close(*t.loop, 5s);
  t.require(drained, "a lease is out at the end");
}

void end(stack_town& t) {
  t.require(t.run(close(t), 10s), "closing hangs");
  t.loop->cancel();
  t.db.reset();
  t.run_until([] { return false; }, 1s);
  t.require(t.store->open == 0, "a session was not closed");
  t.require(t.audit->all_ended(), "the pool's events do not end");
}

task<void> open(stack_town& t) {
  const auto opened = co_await t.db->open(*t.loop);
  t.require(opened.has_value(), "the database could not be opened in fair weather");
}

} // namespace

ending play_stack(const plan& p, flavour f) {
  stack_town t{p, options_for(p, f)};
  t.store->traces = p.seed % 2 == 0;
  t.store->capacity = f == flavour::crowded ? 3 : 0;
  const time_point began = t.world.now();
  if (t.run(open(t), 1min)) live_all(t);
  if (t.broken().empty()) look_back(t);
  if (t.broken().empty()) end(t);
  return {.broken = t.broken(),
          .calls = t.calls,
          .acknowledged = t.acknowledged,
          .unsure = t.unsure,
          .times_open = t.audit->times_open(),
          .steps = t.world.steps(),
          .simulated = t.world.now() - began,
          .trace = t.audit->trace() ^ t.world.steps(),
          .struck = t.faults.struck()};
}

} // namespace holdfast::sim
