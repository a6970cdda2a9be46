#include "drivers/network_driver.hpp"

#include "drivers/connect_errors.hpp"
#include "drivers/entrance.hpp"
#include "drivers/way.hpp"

namespace holdfast::drivers {

bool network_driver::is_named() const noexcept { return is_name(where_.server); }

task<result<address_news>> network_driver::look_up(runtime& rt, deadline until) {
  const auto found = co_await addresses_of(rt, where_, until);
  if (!found) co_return found.error();
  const std::lock_guard lock{mutex_};
  addresses_.note(*found, rt.now());
  co_return addresses_.news();
}

bool network_driver::condemns_host(const error& e) const noexcept { return says_host_is_down(e); }

void network_driver::note(credential taken, std::span<const address> found, time_point now) {
  const std::lock_guard lock{mutex_};
  if (where_.counts_rotations) {
    if (last_ && *last_ != taken) rotations_.fetch_add(1, std::memory_order_acq_rel);
    last_ = std::move(taken);
  }
  if (!found.empty()) addresses_.note(found, now);
}

error network_driver::located(error e) const {
  e.where.host = host_;
  e.connection_usable = false;
  return e;
}

} // namespace holdfast::drivers
