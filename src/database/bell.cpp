#include "database/bell.hpp"

namespace holdfast::detail {

std::uint64_t bell::rings() const {
  const std::lock_guard lock{mutex_};
  return rings_;
}

bool bell::closed() const {
  const std::lock_guard lock{mutex_};
  return closed_;
}

task<wait_status> bell::wait(runtime& rt, std::uint64_t heard, deadline until) {
  waiter mine{rt};
  {
    const std::lock_guard lock{mutex_};
    if (closed_ || rings_ != heard) co_return wait_status::ready;
    waiting_.push_back(&mine);
  }
  const wait_status status = co_await rt.park(mine, until);
  const std::lock_guard lock{mutex_};
  waiting_.remove(&mine);
  co_return status;
}

void bell::ring() noexcept {
  const std::lock_guard lock{mutex_};
  ++rings_;
  wake();
}

void bell::close() noexcept {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  wake();
}

void bell::wake() noexcept {
  for (waiter* w : waiting_) w->unpark();
}

} // namespace holdfast::detail
