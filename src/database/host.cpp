#include "database/host.hpp"

#include "database/probe_pause.hpp"
#include "database/sql_connector.hpp"
#include "database/topology.hpp"

#include <algorithm>

namespace holdfast::detail {

namespace {

/// A full server serves those whom it let in, and lets nobody else in.
bool refuses_newcomers(const error& e) noexcept { return e.code == errc::too_many_connections; }

/// What callers are told while the host is down: whatever it said, it cannot be reached.
error as_outage(error e) {
  if (refuses_newcomers(e)) e.kind = category::connection;
  return e;
}

} // namespace

host::host(std::shared_ptr<drivers::sql_driver> driver, const database_options& options,
           std::shared_ptr<runtime> background, observer_ptr events,
           std::shared_ptr<host_metrics> measures, std::uint64_t seed)
    : driver_{std::move(driver)}, background_{std::move(background)}, events_{std::move(events)},
      database_{options.name}, name_{driver_->host()}, measures_{std::move(measures)},
      after_connect_{options.after_connect}, connect_timeout_{options.pool.connect_timeout},
      breaker_{options.breaker, seed, events_, options.name, std::string{driver_->host()}},
      since_{background_->now()} {
  pool_environment where{background_, events_, options.name, std::string{driver_->host()},
                         measures_};
  pool_ = std::make_unique<sql_pool>(options.pool, sql_connector{driver_, after_connect_, this},
                                     std::move(where));
  load_ = std::make_unique<load_limiter>(
      options.limiter, options.pool.max_size,
      [this](std::uint32_t limit) { pool_->set_lease_limit(limit); });
}

void host::join(std::weak_ptr<topology> all, std::size_t number) noexcept {
  all_ = std::move(all);
  number_ = number;
  joined_ = true;
}

bool host::up() const {
  const std::lock_guard lock{mutex_};
  return up_;
}

bool host::stopped() const {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

error host::explain(error e) const {
  if (e.code != errc::pool_cleared && !refuses_newcomers(e)) return e;
  const std::lock_guard lock{mutex_};
  if (refuses_newcomers(e)) return up_ ? e : as_outage(std::move(e));
  if (!cause_) return e;
  error real = *cause_;
  real.pool = std::move(e.pool);
  real.when = phase::not_sent;
  real.effect = side_effect::none;
  return real;
}

void host::reset() {
  const auto generation = pool_->generation();
  error why = make_error(errc::pool_cleared, "the database was reset");
  {
    const std::lock_guard lock{mutex_};
    if (up_) cause_ = std::make_shared<const error>(why); // else waiters are told of the outage
  }
  pool_->clear(std::move(why), false, generation);
  const time_point now = background_->now();
  breaker_.set_mode(breaker_.snapshot(now).mode, now); // closed and forgetful, if nobody forced it
  reopen();
}

host_status host::status(time_point now) const {
  host_status s;
  s.host = name_;
  s.breaker = breaker_.snapshot(now).state;
  s.pool = pool_->snapshot();
  const std::lock_guard lock{mutex_};
  s.up = up_;
  s.in_this_state = now - since_;
  if (cause_) s.last_error = to_string(*cause_);
  return s;
}

void host::report(const error& e, std::uint64_t generation) {
  if (e.code == errc::read_only_server) {
    // A ping that passes on a demoted primary proves nothing: none of its connections stays.
    if (generation != pool_->generation()) return;
    if (joined_) {
      if (const auto all = all_.lock()) all->denied(number_, host_role::read_only);
      return;
    }
    pool_->clear(e, false, generation);
    reopen();
    return;
  }
  // Where one connection died the others may have, too: each is proved before its next use.
  if (!e.connection_usable && e.kind == category::connection) pool_->suspect_idle();
  if (e.code == errc::server_shutdown || e.code == errc::server_starting ||
      e.kind == category::corruption)
    go_down(e, generation);
}

void host::connect_failed(const error& e, std::uint64_t generation) {
  if (driver_->condemns_host(e) || (refuses_newcomers(e) && has_nobody())) go_down(e, generation);
}

/// None of our connections is there, lent or idle.
bool host::has_nobody() const {
  const pool_snapshot p = pool_->snapshot();
  return p.idle + p.in_use + p.tending == 0;
}

void host::connected(const drivers::sql_connection& made) {
  const std::uint64_t now = driver_->rotations();
  if (rotations_.exchange(now, std::memory_order_acq_rel) != now) pool_->retire_all();
  (void)denied_by(made);
}

bool host::denied_by(const drivers::sql_connection& c) {
  if (!joined_) return false;
  const host_role role = c.role();
  if (role == host_role::unknown || role == host_role::primary) return false;
  const auto all = all_.lock();
  return all && all->denied(number_, role);
}

void host::leave_addresses(const std::vector<std::string>& vanished) {
  if (vanished.empty()) return;
  pool_->retire_if([&](const drivers::connection_ptr& c) {
    return std::ranges::find(vanished, c->address()) != vanished.end();
  });
}

void host::evict(const error& cause, bool interrupt) {
  {
    const std::lock_guard lock{mutex_};
    if (!up_) return; // cleared already, and its monitor opens it
    cause_ = std::make_shared<const error>(cause);
  }
  pool_->clear(cause, interrupt);
  if (!interrupt) reopen();
}

/// While the host is down its monitor opens the pool, not we.
void host::reopen() {
  const std::lock_guard lock{mutex_};
  if (up_) pool_->ready();
}

void host::go_down(const error& cause, std::uint64_t generation) {
  // What an earlier generation saw says nothing about the host as it is now.
  if (generation != pool_->generation()) return;
  {
    const std::lock_guard lock{mutex_};
    if (!up_ || stopped_) return;
    up_ = false;
    since_ = background_->now();
    cause_ = std::make_shared<const error>(as_outage(cause));
  }
  breaker_.host_down(background_->now());
  publish({.kind = event_kind::host_down, .failure = &cause});
  pool_->clear(cause, false, generation);
  if (const auto all = all_.lock()) all->went_down(number_, cause);
  background_->spawn(probe_until_up(shared_from_this()));
}

void host::go_up() {
  const time_point now = background_->now();
  duration outage{};
  {
    const std::lock_guard lock{mutex_};
    outage = now - since_;
    up_ = true;
    since_ = now;
  }
  breaker_.host_up(now);
  pool_->ready();
  publish({.kind = event_kind::host_up, .elapsed = outage});
  if (const auto all = all_.lock()) all->came_up(number_);
  const std::lock_guard lock{mutex_};
  for (waiter* w : waiting_) w->unpark();
}

bool host::still_down() const {
  const std::lock_guard lock{mutex_};
  return !up_ && !stopped_;
}

/// One probe at a time; nobody else connects meanwhile. The pause counts from the last one's
/// beginning: one that hung has been pause enough.
task<void> host::probe_until_up(std::shared_ptr<host> self) {
  runtime& rt = *self->background_;
  time_point last = rt.now();
  for (std::uint32_t number = 0; self->still_down(); ++number) {
    const time_point next = std::max(rt.now(), last + probe_pause(number, rt.random()));
    if (co_await rt.sleep_until(next) == wait_status::cancelled) co_return;
    last = rt.now();
    const bool up = co_await self->probe(number + 1);
    if (up) co_return;
  }
}

/// Of a probe that failed. Down, we have no connection, so a full server is no way back.
bool host::keeps_down(const error& failure) const noexcept {
  return driver_->condemns_host(failure) || refuses_newcomers(failure) ||
         failure.kind == category::cancelled;
}

task<bool> host::probe(std::uint32_t number) {
  runtime& rt = *background_;
  const time_point began = rt.now();
  auto opened =
      co_await open_session(rt, *driver_, after_connect_, deadline::after(began, connect_timeout_));
  const error* failure = opened ? nullptr : &opened.error();
  publish({.kind = event_kind::host_probe,
           .attempt = number,
           .elapsed = rt.now() - began,
           .failure = failure});
  if (failure && keeps_down(*failure)) {
    const std::lock_guard lock{mutex_};
    cause_ = std::make_shared<const error>(as_outage(*failure));
    co_return false;
  }
  // It answers. If it refuses us for good (a changed password), callers are to be told so.
  if (!still_down()) {
    if (opened) (*opened)->close();
    co_return true;
  }
  if (opened) connected(**opened);
  go_up();
  if (opened && !pool_->donate(*opened)) (*opened)->close();
  co_return true;
}

task<wait_status> host::wait_until_up(runtime& rt, deadline until) {
  waiter mine{rt};
  {
    const std::lock_guard lock{mutex_};
    if (up_ || stopped_) co_return wait_status::ready;
    waiting_.push_back(&mine);
  }
  const wait_status status = co_await rt.park(mine, until);
  const std::lock_guard lock{mutex_};
  waiting_.remove(&mine);
  co_return status;
}

void host::stop() noexcept {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
  for (waiter* w : waiting_) w->unpark();
}

void host::publish(event e) noexcept {
  if (!events_->interests().contains(e.kind)) return;
  e.at = background_->coarse_now();
  e.database = database_;
  e.host = name_;
  events_->on_event(e);
}

} // namespace holdfast::detail
