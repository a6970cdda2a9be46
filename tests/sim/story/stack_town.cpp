#include "sim/story/stack_town.hpp"

namespace holdfast::sim {

stack_town::stack_town(const plan& p, const database_options& o)
    : story{p}, world{p.seed + p.order * 0x9e3779b97f4a7c15U}, faults{p}, options{o},
      audit{std::make_shared<auditor>(options.pool, options.retry)} {
  for (std::int64_t a = 0; a < accounts; ++a) store->balances[a] = riches;
  store->script = &faults;
  observers = detail::make_observers(options, {"fake:1"}, loop, audit).value();
  detail::database_parts parts;
  parts.drivers = {std::make_shared<testing::fake_driver>(store)};
  parts.options = options;
  parts.background = loop;
  parts.observers = observers;
  parts.seed = p.seed;
  db = std::make_unique<detail::database_core>(std::move(parts));
  world.after_each_step([this] { check(); });
}

// Sessions that a broken story left open ask the script no more.
stack_town::~stack_town() { store->script = nullptr; }

void stack_town::check() {
  audit->settled(world.now());
  // One more: the monitor's probe.
  require(store->open <= static_cast<int>(options.pool.max_size) + 1, "too many sessions");
  require(store->misused == 0, "a connection was used by two, or after an error that forbade it");
  if (audit->waiting() > 0 && world.steps() % 16 == 0) check_waiters(); // takes its time
  if (applied == store->applied) return;
  applied = store->applied;
  require(store->total() == accounts * riches, "half of a transfer is visible");
}

void stack_town::check_waiters() {
  const pool_snapshot p = db->status().hosts[0].pool;
  const bool free = p.state == pool_state::ready && p.idle > 0 && p.in_use < p.lease_limit;
  require(!free || p.waiting == 0, "a caller waits while a connection is idle");
  require(p.idle + p.in_use + p.connecting + p.tending <= p.max_size, "more than max_size");
}

bool stack_town::run_until(const std::function<bool()>& done, duration limit) {
  return world.run_until([&] { return !broken().empty() || done(); }, limit) && broken().empty();
}

bool stack_town::run(task<void> work, duration limit) {
  const auto over = std::make_shared<bool>(false);
  const auto body = [](task<void> inner, std::shared_ptr<bool> ended) -> task<void> {
    co_await std::move(inner);
    *ended = true;
  };
  loop->spawn(body(std::move(work), over));
  return run_until([over] { return *over; }, limit);
}

void compare_books(stack_town& t) {
  for (const auto& [mark, r] : t.told) {
    const auto found = t.store->marks.find(mark);
    const int times = found == t.store->marks.end() ? 0 : found->second;
    const auto demand = [&t, &mark = mark](bool holds, std::string_view what) {
      if (!holds) t.require(false, "write " + mark + " " + std::string{what});
    };
    demand(r.many || times <= 1, "took effect more than once");
    demand(!r.acknowledged || times >= 1, "was acknowledged, and is lost");
    demand(r.acknowledged || r.unsure || times == 0, "was said to have had no effect, and had one");
    if (!r.settled) continue;
    demand(*r.settled != outcome::unknown, "stays unknown in fair weather");
    demand(times == (*r.settled == outcome::committed ? 1 : 0), "was settled wrongly");
  }
}

} // namespace holdfast::sim
