// How several hosts are asked what they are: each by one connection beside its pool, so that no
// caller waits for the question and no full pool holds it up.
#include "database/probe_pause.hpp"
#include "database/topology.hpp"

namespace holdfast::detail {

/// ± 10 %, so that processes that were started together do not ask together.
static duration about(duration d, std::uint64_t random) {
  const auto spread = static_cast<duration::rep>(random % 1024);
  return d - d / 10 + d / 5 * spread / 1024;
}

duration topology::until_next_look(std::uint32_t& hunting, std::uint64_t random) const {
  const std::lock_guard lock{mutex_};
  if (!has_writer()) return probe_pause(hunting++, random);
  hunting = 0;
  return about(options_.check_interval, random);
}

/// One question. A connection that has ended is replaced by the next look; a host that is down is
/// its own monitor's business.
task<void> topology::look(runtime& rt, std::size_t index, drivers::connection_ptr& link) {
  host& at = *hosts_[index];
  if (!at.up()) {
    if (link) link->close();
    link.reset();
    co_return;
  }
  if (!link) {
    const std::uint64_t generation = at.connections().generation();
    auto opened = co_await at.engine().open(rt, deadline::after(rt.now(), connect_timeout_));
    if (!opened) {
      asked_in_vain(index, opened.error());
      at.connect_failed(opened.error(), generation);
      co_return;
    }
    link = std::move(*opened);
  }
  const time_point asked = rt.now();
  auto found = co_await link->examine(rt, deadline::after(asked, options_.check_timeout));
  if (found) {
    examined(index, *found, asked);
    co_return;
  }
  link->close();
  link.reset();
  asked_in_vain(index, found.error());
}

task<void> watch_host(std::shared_ptr<runtime> rt, std::weak_ptr<topology> owner,
                      std::size_t index) {
  drivers::connection_ptr link;
  std::shared_ptr<bell> looks;
  std::uint32_t hunting = 0;
  for (;;) {
    std::uint64_t heard = 0;
    duration pause{};
    {
      const auto all = owner.lock();
      if (!all) break;
      looks = all->looks_;
      if (looks->closed()) break;
      heard = looks->rings();
      const bool had_link = link != nullptr;
      co_await all->look(*rt, index, link);
      // It broke: whether the host has gone with it shows a new one, at once.
      if (had_link && !link && all->hosts_[index]->up()) continue;
      pause = all->until_next_look(hunting, rt->random());
    }
    const wait_status woke = co_await looks->wait(*rt, heard, deadline::after(rt->now(), pause));
    if (woke == wait_status::cancelled) break;
  }
  if (link) link->close();
}

} // namespace holdfast::detail
