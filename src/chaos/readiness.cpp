#include "chaos/readiness.hpp"

#include <array>
#include <sys/epoll.h>

namespace holdfast::chaos {

readiness::readiness() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {}

void readiness::watch(const socket_handle& s, std::uint64_t key) noexcept {
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  wanted.data.u64 = key;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, s.get(), &wanted);
}

const std::vector<readiness::event>& readiness::take() {
  std::array<epoll_event, 64> found{};
  const int count = ::epoll_wait(epoll_.get(), found.data(), static_cast<int>(found.size()), 0);
  events_.clear();
  for (int i = 0; i < count; ++i) {
    const auto& e = found[static_cast<std::size_t>(i)];
    events_.push_back({e.data.u64, (e.events & ~static_cast<std::uint32_t>(EPOLLIN)) != 0});
  }
  return events_;
}

} // namespace holdfast::chaos
