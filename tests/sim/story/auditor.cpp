#include "sim/story/auditor.hpp"

namespace holdfast::sim {

void auditor::on_event(const event& e) noexcept {
  follow(e);
  if (!for_host_.empty() && !e.operation.empty()) for_host_.erase(std::string{e.operation});
  switch (e.kind) {
  case event_kind::acquire_started:
  case event_kind::acquire_failed:
  case event_kind::acquired:
  case event_kind::released: see_lease(e); break;
  case event_kind::breaker_opened:
  case event_kind::breaker_half_opened:
  case event_kind::breaker_closed: see_breaker(e); break;
  case event_kind::host_down:
  case event_kind::host_up: see_host(e); break;
  case event_kind::operation_started: tries_.erase(std::string{e.operation}); break;
  case event_kind::retry_scheduled: see_retry(e); break;
  default: see_pool(e); break;
  }
}

void auditor::see_pool(const event& e) {
  switch (e.kind) {
  case event_kind::connection_created:
    require(e.connection == ++last_id_, "a connection's number is out of order");
    require(!paused_, "a connect began in a pool that is not ready");
    connecting_.insert(e.connection);
    break;
  case event_kind::connection_ready:
    require(connecting_.erase(e.connection) == 1, "a connection is ready without a connect");
    open_[e.connection] = generation_;
    break;
  case event_kind::connection_closed:
    require(connecting_.erase(e.connection) + open_.erase(e.connection) == 1,
            "a connection was closed twice");
    break;
  case event_kind::pool_cleared: ++generation_; [[fallthrough]];
  case event_kind::pool_suspended:
  case event_kind::pool_closed: paused_ = true; break;
  case event_kind::pool_ready:
  case event_kind::pool_resumed: paused_ = false; break;
  default: return;
  }
  require(connecting_.size() + open_.size() <= pool_.max_size, "more connections than max_size");
}

void auditor::see_lease(const event& e) {
  if (e.kind == event_kind::acquire_started) ++waiting_;
  if (e.kind == event_kind::acquire_failed) --waiting_;
  require(waiting_ >= 0, "an acquire ended twice");
  if (e.kind == event_kind::released)
    require(lent_.erase(e.connection) == 1, "a lease was returned twice");
  if (e.kind != event_kind::acquired) return;
  --waiting_;
  const auto lent = open_.find(e.connection);
  require(lent != open_.end(), "a closed connection was lent");
  require(lent == open_.end() || lent->second == generation_,
          "a connection of an old generation was lent");
  require(lent_.insert(e.connection).second, "a connection was lent twice");
}

void auditor::see_host(const event& e) {
  host_up_ = e.kind == event_kind::host_up;
  up_since_ = e.at;
  if (!host_up_) breaker_ = breaker::host_down;
}

void auditor::see_breaker(const event& e) {
  const breaker from = breaker_;
  switch (e.kind) {
  case event_kind::breaker_closed:
    breaker_ = breaker::closed;
    return require(from != breaker::closed && from != breaker::open,
                   "the breaker closed, and was not half open");
  case event_kind::breaker_half_opened:
    breaker_ = breaker::half_open;
    return require(from == breaker::open || from == breaker::half_open,
                   "the breaker is half open, and was not open");
  default:
    breaker_ = breaker::open;
    ++times_open_;
    return require(from != breaker::open && from != breaker::host_down,
                   "the breaker opened a second time, or while its host was down");
  }
}

/// A call that waits for its host or for a breaker is bounded by time alone; and so is one that was
/// in doubt once, as it must find out.
void auditor::see_retry(const event& e) {
  const retry_kind kind = retry_kind_of(*e.failure);
  tries& call = tries_[std::string{e.operation}];
  call.in_doubt = call.in_doubt || e.failure->effect != side_effect::none;
  std::optional<std::uint32_t> most;
  if (kind == retry_kind::conflict) most = retry_.conflict.max_retries;
  if (kind == retry_kind::overload) most = retry_.overload.max_retries;
  if (kind == retry_kind::statement) most = retry_.statement.max_retries;
  const auto made = ++call.again[static_cast<std::size_t>(kind)];
  if (kind == retry_kind::connect && made == 1) for_host_.insert(std::string{e.operation});
  if (!most || call.in_doubt) return;
  require(made <= *most, "a call was tried again more often than its policy allows");
}

void auditor::follow(const event& e) noexcept {
  const auto mix = [this](std::uint64_t n) {
    trace_ = (trace_ ^ n) * 0x9e3779b97f4a7c15U;
    trace_ ^= trace_ >> 32U;
  };
  mix(static_cast<std::uint64_t>(e.kind));
  mix(static_cast<std::uint64_t>(e.at.time_since_epoch().count()));
  mix(e.connection);
}

} // namespace holdfast::sim
