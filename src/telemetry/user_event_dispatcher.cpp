#include "telemetry/user_event_dispatcher.hpp"

#include "telemetry/user_hook.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::detail {

user_event_dispatcher::user_event_dispatcher(const void* database, std::size_t capacity,
                                             scheduler schedule)
    : database_{database}, capacity_{capacity}, schedule_{std::move(schedule)} {}

std::uint64_t user_event_dispatcher::subscribe(function fn, event_set kinds) {
  auto shared = std::make_shared<const function>(std::move(fn));
  const std::lock_guard lock{mutex_};
  subscribers_.push_back({++last_number_, kinds, std::move(shared)});
  update_wanted();
  return last_number_;
}

void user_event_dispatcher::unsubscribe(std::uint64_t subscription) {
  subscriber gone{}; // the user's object is destroyed after the lock
  const std::lock_guard lock{mutex_};
  const auto found = std::ranges::find(subscribers_, subscription, &subscriber::number);
  if (found == subscribers_.end()) return;
  gone = std::move(*found);
  subscribers_.erase(found);
  update_wanted();
}

void user_event_dispatcher::update_wanted() {
  event_set wanted;
  if (state_ != drain_state::stopped)
    for (const auto& s : subscribers_) wanted = wanted | s.kinds;
  wanted_.store((wanted - high_volume_events).bits(), std::memory_order_release);
}

void user_event_dispatcher::stop() noexcept {
  const std::lock_guard lock{mutex_};
  state_ = drain_state::stopped;
  queue_.clear();
  wanted_.store(0, std::memory_order_release);
}

void user_event_dispatcher::on_event(const event& e) noexcept {
  if (!event_set::from_bits(wanted_.load(std::memory_order_relaxed)).contains(e.kind)) return;
  try {
    if (enqueue(own(e))) schedule_drain();
  } catch (...) { // out of memory
    ++dropped_;
  }
}

bool user_event_dispatcher::enqueue(owned_event e) {
  const std::lock_guard lock{mutex_};
  if (state_ == drain_state::stopped) return false;
  if (queue_.size() >= capacity_) {
    queue_.pop_front();
    ++dropped_;
  }
  queue_.push_back(std::move(e));
  return std::exchange(state_, drain_state::under_way) == drain_state::idle;
}

void user_event_dispatcher::schedule_drain() noexcept {
  try {
    schedule_([self = shared_from_this()] { self->drain(); });
  } catch (...) {
    const std::lock_guard lock{mutex_};
    if (state_ == drain_state::under_way) state_ = drain_state::idle;
  }
}

// One batch a run, so that a steady stream of events does not hold a shared worker for ever.
void user_event_dispatcher::drain() noexcept {
  {
    const std::lock_guard lock{mutex_};
    batch_.swap(queue_);
  }
  for (const auto& e : batch_) deliver(e);
  batch_.clear();
  {
    const std::lock_guard lock{mutex_};
    if (state_ == drain_state::stopped) return;
    if (queue_.empty()) {
      state_ = drain_state::idle;
      return;
    }
  }
  schedule_drain();
}

void user_event_dispatcher::deliver(const owned_event& e) noexcept {
  try {
    for (const auto& s : subscribers_of(e.kind)) call(*s.fn, e);
  } catch (...) { // out of memory
    ++dropped_;
  }
}

void user_event_dispatcher::call(const function& fn, const owned_event& e) noexcept {
  const user_hook_scope inside{database_};
  try {
    fn(e);
  } catch (...) { // the user's; the others get the event all the same
    ++thrown_;
  }
}

std::vector<user_event_dispatcher::subscriber>
user_event_dispatcher::subscribers_of(event_kind kind) {
  std::vector<subscriber> wanting;
  const std::lock_guard lock{mutex_};
  if (state_ == drain_state::stopped) return wanting;
  for (const auto& s : subscribers_)
    if (s.kinds.contains(kind)) wanting.push_back(s);
  return wanting;
}

} // namespace holdfast::detail
