// What callers ask of the hosts: where an attempt goes, and to wait until one may succeed.
#include "database/topology.hpp"
#include "database/work.hpp"

#include <algorithm>

namespace holdfast::detail {

host* topology::pick(const call_terms& terms, time_point now, const host* avoid) {
  return terms.replica_will_do ? pick_reader(terms, now, avoid) : writer();
}

/// Who has just failed is not asked again by this call: the primary is.
host* topology::pick_reader(const call_terms& terms, time_point now, const host* avoid) {
  const std::uint32_t first = turn_.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock{mutex_};
  if (suspended_) return nullptr;
  host* const primary = writer();
  if (avoid && primary && primary != avoid) return primary;
  for (std::size_t n = 0; n < hosts_.size(); ++n) {
    const std::size_t i = (first + n) % hosts_.size();
    if (hosts_[i].get() != avoid && shows_enough(views_[i], now, terms.max_staleness))
      return hosts_[i].get();
  }
  return primary;
}

/// As `pick`, but for where the lease is from. After `resume` writes are held back until a host has
/// said anew that it takes them.
bool topology::holds_back_slowly(const call_terms& terms) const {
  return !terms.replica_will_do || suspended();
}

error topology::refusal() const {
  if (news_.closed()) return make_error(errc::pool_closed, "the database is closed");
  const std::lock_guard lock{mutex_};
  if (suspended_) {
    auto e = make_error(errc::no_suitable_host,
                        "the database is suspended for a switch and was not resumed in time");
    e.next = advice::back_off;
    return e;
  }
  std::string why;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const host_view& v = views_[i];
    why += why.empty() ? ": " : "; ";
    why += hosts_[i]->name();
    if (!v.up)
      why += " is down (" + troubles_[i] + ")";
    else if (!troubles_[i].empty())
      why += " does not say what it is (" + troubles_[i] + ")";
    else if (v.role == host_role::unknown)
      why += " was not asked yet";
    else if (v.role == host_role::primary)
      why += " is a primary that another has superseded; reset() would accept it";
    else
      why += v.role == host_role::replica ? " is a replica" : " is read-only";
  }
  return make_error(errc::no_suitable_host, "no host takes writes" + why);
}

task<wait_status> topology::wait(runtime& rt, const call_terms& terms, deadline until) {
  if (!several() && writer()) co_return co_await first().wait_until_up(rt, until);
  for (;;) {
    const std::uint64_t heard = news_.rings();
    if (pick(terms, rt.now(), nullptr)) co_return wait_status::ready;
    const wait_status woke = co_await news_.wait(rt, heard, until);
    if (woke != wait_status::ready || news_.closed()) co_return woke;
  }
}

task<wait_status> topology::first_look(runtime& rt, deadline until) {
  for (;;) {
    const std::uint64_t heard = news_.rings();
    if (writer() || each_was_asked()) co_return wait_status::ready;
    const wait_status woke = co_await news_.wait(rt, heard, until);
    if (woke != wait_status::ready || news_.closed()) co_return woke;
  }
}

bool topology::each_was_asked() const {
  const std::lock_guard lock{mutex_};
  return std::ranges::all_of(was_asked_, [](bool b) { return b; });
}

void topology::suspend() {
  {
    const std::lock_guard lock{mutex_};
    if (std::exchange(suspended_, true)) return;
    writer_.store(nullptr, std::memory_order_release);
  }
}

void topology::resume() {
  const time_point now = background_->now();
  {
    const std::lock_guard lock{mutex_};
    if (!std::exchange(suspended_, false)) return;
    // What was a primary before the switch may be none now, and has not been told so.
    for (host_view& v : views_) {
      v.role = host_role::unknown;
      v.known_at = now;
    }
    publish_writer();
  }
  looks_->ring();
  news_.ring();
}

bool topology::suspended() const {
  const std::lock_guard lock{mutex_};
  return suspended_;
}

} // namespace holdfast::detail
