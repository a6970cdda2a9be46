#include "runtime/system.hpp"

#include <holdfast/simulation.hpp>

#include <stdexcept>

namespace holdfast {

simulator::simulator(std::uint64_t seed) : seed_{seed}, engine_{seed} {}
simulator::~simulator() = default;

void simulator::at(time_point when, std::function<void()> fn) {
  if (when == time_point::max()) return; // never comes
  timers_.emplace(std::pair{std::max(when, now_), sequence_++}, std::move(fn));
}

void simulator::post(std::function<void()> fn) { ready_.push_back(std::move(fn)); }

bool simulator::step() {
  if (ready_.empty() && timers_.empty()) return false;
  if (ready_.empty()) now_ = timers_.begin()->first.first;
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    ready_.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
  }
  const auto chosen = static_cast<std::size_t>(random() % ready_.size());
  std::swap(ready_[chosen], ready_.back());
  auto next = std::move(ready_.back());
  ready_.pop_back();
  next();
  ++steps_;
  if (check_) check_();
  return true;
}

bool simulator::run_until(const std::function<bool()>& done, duration limit) {
  const time_point end = deadline::after(now_, limit).at();
  while (!done()) {
    if (now_ >= end || !step()) return false;
  }
  return true;
}

void simulator::run_for(duration d) {
  bool over = false;
  at(deadline::after(now_, d).at(), [&over] { over = true; });
  while (!over) step();
}

void simulator::set_host(std::string host, std::vector<address> addresses) {
  hosts_.insert_or_assign(std::move(host), std::move(addresses));
}

int simulator::open_descriptor() {
  const int fd = 1'000'000 + static_cast<int>(descriptors_.size());
  descriptors_[fd] = 0;
  return fd;
}

void simulator::set_ready(int descriptor, io events, bool ready) {
  auto& state = descriptors_[descriptor];
  const auto bits = static_cast<std::uint8_t>(events);
  state = static_cast<std::uint8_t>(ready ? (state | bits) : (state & ~bits));
  auto [first, last] = watches_.equal_range(descriptor);
  while (first != last) {
    if (!is_ready(descriptor, first->second.events)) {
      ++first;
      continue;
    }
    post(std::move(first->second.notify));
    first = watches_.erase(first);
  }
}

bool simulator::is_ready(int descriptor, io events) const {
  const auto found = descriptors_.find(descriptor);
  return found != descriptors_.end() && (found->second & static_cast<std::uint8_t>(events)) != 0;
}

void simulator::when_ready(int descriptor, io events, std::function<void()> fn) {
  if (is_ready(descriptor, events)) return post(std::move(fn));
  watches_.emplace(descriptor, watch{events, std::move(fn)});
}

// One suspended coroutine. Whoever fires first decides; the rest find `fired`.
struct sim_runtime::sleeper {
  suspension* suspended;
  bool fired = false;

  void fire(wait_status status) {
    if (fired) return;
    fired = true;
    suspended->status = status;
    suspended->caller.resume();
  }
};

sim_runtime::~sim_runtime() = default;

void sim_runtime::cancel() {
  cancelled_ = true;
  for (auto& weak : std::exchange(sleepers_, {}))
    if (auto s = weak.lock())
      if (!s->fired) world_.post([s] { s->fire(wait_status::cancelled); });
}

std::shared_ptr<sim_runtime::sleeper> sim_runtime::sleep(suspension& s, time_point at) {
  auto made = std::make_shared<sleeper>(&s);
  std::erase_if(sleepers_, [](const auto& weak) { return weak.expired(); });
  sleepers_.push_back(made);
  world_.at(at, [made] { made->fire(wait_status::timed_out); });
  return made;
}

bool sim_runtime::begin_sleep(suspension& s, time_point at) {
  if (cancelled_) {
    s.status = wait_status::cancelled;
    return false;
  }
  sleep(s, at);
  return true;
}

bool sim_runtime::begin_wait(suspension& s, int descriptor, io events, deadline until) {
  if (cancelled_) {
    s.status = wait_status::cancelled;
    return false;
  }
  auto made = sleep(s, until.at());
  world_.when_ready(descriptor, events, [made] { made->fire(wait_status::ready); });
  return true;
}

bool sim_runtime::begin_park(suspension& s, waiter& w, deadline until) {
  if (w.woken_ || cancelled_) {
    s.status = w.woken_ ? wait_status::ready : wait_status::cancelled;
    return false;
  }
  w.sleeper_ = sleep(s, until.at());
  return true;
}

bool sim_runtime::begin_offload(suspension&, job work) {
  work.run(work.context);
  return false;
}

void sim_runtime::wake(waiter& w) noexcept {
  if (w.woken_) return;
  w.woken_ = true;
  if (!w.sleeper_) return;
  auto s = std::static_pointer_cast<sleeper>(std::move(w.sleeper_));
  world_.post([s] { s->fire(wait_status::ready); });
}

void sim_runtime::spawn(task<void> work) {
  // std::function copies; the task is carried by a shared box that is emptied once.
  auto box = std::make_shared<task<void>>(std::move(work));
  world_.post([box] { detail::run_root(std::move(*box), [] {}); });
}

branch sim_runtime::fork() {
  auto made = std::make_shared<sim_runtime>(world_);
  if (cancelled_) made->cancel();
  return {made, [made] { made->cancel(); }};
}

task<result<std::vector<address>>> sim_runtime::resolve(std::string host, deadline until) {
  (void)until;
  const auto& hosts = world_.hosts();
  const auto found = hosts.find(host);
  if (found == hosts.end()) co_return std::vector<address>{{host}};
  if (found->second.empty())
    co_return make_error(errc::name_not_resolved,
                         "the host name \"" + host + "\" could not be resolved");
  co_return found->second;
}

void sim_runtime::run_to_end(const std::function<bool()>& done) {
  if (!world_.run_until(done))
    throw std::logic_error("simulation: the task did not end (seed " +
                           std::to_string(world_.seed()) + ")");
}

} // namespace holdfast
