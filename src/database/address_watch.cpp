#include "database/address_watch.hpp"

#include <algorithm>
#include <chrono>

namespace holdfast::detail {

namespace {
constexpr duration longest_look = std::chrono::seconds{5};
constexpr duration second_look = std::chrono::milliseconds{1010}; // apart as the driver wants it
} // namespace

task<void> watch_addresses(std::shared_ptr<runtime> rt, std::weak_ptr<host> watched,
                           duration interval) {
  duration pause = interval;
  while (co_await rt->sleep_until(rt->now() + pause) != wait_status::cancelled) {
    const auto at = watched.lock();
    if (!at || at->stopped()) co_return;
    const auto news = co_await at->engine().look_up(*rt, deadline::after(rt->now(), longest_look));
    const bool doubtful = news && news->doubtful;
    pause = doubtful ? std::min(second_look, interval) : interval;
    if (news) at->leave_addresses(news->vanished);
  }
}

} // namespace holdfast::detail
