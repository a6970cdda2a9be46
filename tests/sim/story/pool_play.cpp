// Plays a story of the pool alone: borrowers, and what happens to it from above and from below.
#include "sim/pool/fake_server.hpp"
#include "sim/story/auditor.hpp"
#include "sim/story/scenarios.hpp"
#include "sim/story/weather.hpp"
#include "testing/random_source.hpp"

#include <deque>

namespace holdfast::sim {

namespace {

using namespace std::chrono_literals;
using testing::fake_connector;
using testing::fake_pool;
using testing::fake_server;
using testing::fake_session;

pool_options options_for(const plan& p) {
  testing::random_source chance{~p.seed};
  const auto pick = [&chance](std::int64_t n) {
    return static_cast<std::uint32_t>(chance.below(n));
  };
  const auto least = pick(4);
  pool_options o = testing::quick_options(least, 4 + pick(5));
  o.max_connecting = 1 + pick(3);
  o.newest_first = pick(4) == 0;
  o.wait_queue_limit = pick(3) == 0 ? 5 : 1000;
  return o;
}

struct pool_town {
  explicit pool_town(const plan& p)
      : story{p}, world{p.seed + p.order * 0x9e3779b97f4a7c15U}, options{options_for(p)},
        audit{std::make_shared<auditor>(options, retry_options{})} {
    server->flaky = p.seed % 2 == 0 ? 10 : 0;
    server->condemning = p.seed % 3 == 0;
    lent =
        std::make_unique<fake_pool>(options, fake_connector{server}, pool_environment{loop, audit});
    world.after_each_step([this] { audit->settled(world.now()); });
  }
  void require(bool holds, std::string_view what) { audit->require(holds, what); }
  bool run_until(const std::function<bool()>& done, duration limit) {
    return world.run_until([&] { return !audit->broken().empty() || done(); }, limit) &&
           audit->broken().empty();
  }

  const plan& story;
  simulator world;
  std::shared_ptr<fake_server> server = std::make_shared<fake_server>(world);
  std::shared_ptr<sim_runtime> loop = std::make_shared<sim_runtime>(world);
  pool_options options;
  std::shared_ptr<auditor> audit;
  std::deque<sim_runtime> runtimes; // outlive the pool, whose waiters point to them
  std::unique_ptr<fake_pool> lent;
  std::vector<std::uint32_t> struck;
  int active = 0;
  int away = 0; // reasons why the pool must not be ready
  std::uint64_t calls = 0;
  std::uint64_t served = 0;
};

/// Borrows once, sometimes for long, sometimes leaving the connection dirty or in doubt.
task<void> borrow(pool_town& t, sim_runtime& rt, testing::random_source& chance) {
  const auto some = [&chance](duration most) { return duration{chance.below(most.count())}; };
  acquire_request request;
  request.priority = static_cast<priority>(chance.below(3));
  if (chance.one_in(4)) request.until = deadline::after(rt.now(), some(50ms));
  const duration use = some(chance.one_in(20) ? 500ms : 10ms);
  const bool dirty = chance.one_in(3);
  const bool doubtful = chance.one_in(10);
  const time_point began = rt.now();
  auto got = co_await t.lent->acquire(rt, request);
  ++t.calls;
  t.require(rt.now() <= began + t.options.acquire_timeout, "a borrower waited too long");
  if (!got) co_return;
  fake_session& c = **got;
  t.require(++c.users == 1, "two users of one connection");
  t.require(!c.dirty, "a connection was lent that nobody reset");
  ++t.served;
  (void)co_await rt.sleep_until(rt.now() + use);
  c.dirty = dirty;
  if (doubtful) got->discard();
  --c.users;
}

task<void> live(pool_town& t, sim_runtime& rt, std::uint32_t me) {
  for (std::uint32_t i = 0; i < t.story.calls && !rt.cancelled(); ++i) {
    testing::random_source chance{t.story.seed ^ (std::uint64_t{me} << 40U) ^
                                  (std::uint64_t{i} << 20U)};
    (void)co_await rt.sleep_until(rt.now() + duration{chance.below(t.story.of->pause.count())});
    co_await borrow(t, rt, chance);
  }
  --t.active;
}

/// What the layer above does when the host is there again: it opens the pool and gives its probe.
void come_back(pool_town& t) {
  if (--t.away > 0) return;
  t.lent->ready();
  fake_session probe{++t.server->connects};
  t.server->sessions.insert(probe.id);
  if (!t.lent->donate(probe)) t.server->sessions.erase(probe.id);
}

void bring_weather(pool_town& t) {
  const auto on = [&t](fault_kind kind, const spell& what) {
    bring(t.world, t.story, kind, what, [&t](std::uint32_t number) { t.struck.push_back(number); });
  };
  fake_server& s = *t.server;
  fake_pool& pool = *t.lent;
  on(fault_kind::outage, {[&s](const fault&) { s.up = false; }, [&s] { s.up = true; }});
  on(fault_kind::silence,
     {[&s](const fault&) { s.black_hole = true; }, [&s] { s.black_hole = false; }});
  on(fault_kind::suspend, {[&pool](const fault&) { pool.suspend(); }, [&pool] { pool.resume(); }});
  on(fault_kind::suspect, {[&pool](const fault&) { pool.suspect_idle(); }});
  on(fault_kind::retire, {[&pool](const fault&) { pool.retire_all(); }});
  on(fault_kind::forgotten, {[&s](const fault&) { s.sessions.clear(); }});
  const auto few = [&pool](const fault& f) {
    pool.set_lease_limit(static_cast<std::uint32_t>(f.chance / 4));
  };
  on(fault_kind::lease_limit, {few, [&pool] { pool.set_lease_limit(100); }});
  for (const bool interrupts : {false, true}) {
    const auto clears = [&t, interrupts](const fault& f) {
      ++t.away;
      t.lent->clear(make_error(errc::server_shutdown, "down"), interrupts);
      t.world.at(t.world.now() + f.lasts, [&t] { come_back(t); });
    };
    on(interrupts ? fault_kind::interrupt : fault_kind::clear, {clears});
  }
  const auto cancels = [&t](const fault& f) {
    const auto& who = t.story.callers;
    for (std::size_t i = 0; i < who.size(); ++i)
      if (who[i] == f.caller) t.runtimes[i].cancel();
  };
  on(fault_kind::cancel, {cancels});
}

task<void> close(pool_town& t, std::shared_ptr<bool> ended) {
  const auto closed = co_await t.lent->close(*t.loop, deadline::after(t.world.now(), 5s));
  t.require(closed.has_value(), "a lease is out at the end");
  *ended = true;
}

} // namespace

ending play_pool(const plan& p) {
  pool_town t{p};
  const time_point began = t.world.now();
  t.lent->ready();
  for (const std::uint32_t caller : p.callers) {
    t.runtimes.emplace_back(t.world);
    ++t.active;
    t.runtimes.back().spawn(live(t, t.runtimes.back(), caller));
  }
  bring_weather(t);
  t.require(t.run_until([&t] { return t.active == 0; }, 10min), "a waiter was lost");
  t.run_until([] { return false; }, p.of->lasts + 1s); // spells end
  const auto ended = std::make_shared<bool>(false);
  t.loop->spawn(close(t, ended));
  t.require(t.run_until([ended] { return *ended; }, 10s), "closing hangs");
  t.require(t.audit->all_ended(), "the pool's events do not end");
  t.require(t.server->sessions.empty(), "a connection was not closed");
  t.lent.reset();
  t.run_until([] { return false; }, 1s);
  return {.broken = t.audit->broken(),
          .calls = t.calls,
          .acknowledged = t.served,
          .steps = t.world.steps(),
          .simulated = t.world.now() - began,
          .trace = t.audit->trace() ^ t.world.steps(),
          .struck = std::move(t.struck)};
}

} // namespace holdfast::sim
