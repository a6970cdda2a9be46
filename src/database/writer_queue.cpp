#include "database/writer_queue.hpp"

namespace holdfast::detail {

bool writer_queue::take_or_queue(place& mine) {
  const std::lock_guard lock{mutex_};
  if (!taken_) {
    taken_ = true;
    return true;
  }
  waiting_.push_back(&mine);
  return false;
}

/// False if the turn came at the last moment: then it is kept.
bool writer_queue::give_up(place& mine) {
  const std::lock_guard lock{mutex_};
  if (mine.granted) return false;
  waiting_.remove(&mine);
  return true;
}

void writer_queue::leave() noexcept {
  const std::lock_guard lock{mutex_};
  if (waiting_.empty()) {
    taken_ = false;
    return;
  }
  place& next = *waiting_.front();
  waiting_.pop_front();
  next.granted = true;
  next.wake.unpark(); // under the lock: the place cannot go away before it is let go
}

task<result<writer_queue::turn>> writer_queue::enter(runtime& rt, deadline until) {
  place mine{rt};
  if (take_or_queue(mine)) co_return turn{this};
  const wait_status status = co_await rt.park(mine.wake, until);
  if (status != wait_status::ready && give_up(mine))
    co_return wait_error(status, "waiting for this process's turn to write");
  co_return turn{this};
}

} // namespace holdfast::detail
