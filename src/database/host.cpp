#include "database/host.hpp"

#include "database/sql_connector.hpp"

#include <algorithm>

namespace holdfast::detail {

namespace {

// First success within 250 ms of the server accepting again: a cap of 5 s gives a median of 1.7 s.
constexpr duration first_probe = std::chrono::milliseconds{10};
constexpr duration longest_pause = std::chrono::milliseconds{150};

/// Doubling to the cap, then × U(0.75, 1): processes that lost one server spread out.
duration probe_pause(std::uint32_t number, std::uint64_t random) {
  const duration d = number < 4 ? first_probe * (1 << number) : longest_pause;
  const auto spread = static_cast<duration::rep>(random % 1024);
  return d - d * spread / 4096;
}

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
      database_{options.name}, after_connect_{options.after_connect},
      connect_timeout_{options.pool.connect_timeout},
      breaker_{options.breaker, seed, events_, options.name, std::string{driver_->host()}},
      since_{background_->now()} {
  pool_environment where{background_, events_, options.name, std::string{driver_->host()},
                         std::move(measures)};
  pool_ = std::make_unique<sql_pool>(options.pool, sql_connector{driver_, after_connect_, this},
                                     std::move(where));
  load_ = std::make_unique<load_limiter>(
      options.limiter, options.pool.max_size,
      [this](std::uint32_t limit) { pool_->set_lease_limit(limit); });
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
  pool_->clear(make_error(errc::pool_cleared, "the database was reset"), false, generation);
  const time_point now = background_->now();
  breaker_.set_mode(breaker_.snapshot(now).mode, now); // closed and forgetful, if nobody forced it
  // While the host is down its monitor opens the pool, not we.
  const std::lock_guard lock{mutex_};
  if (up_) pool_->ready();
}

host_status host::status(time_point now) const {
  host_status s;
  s.host = driver_->host();
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
    pool_->clear(e, false, generation);
    pool_->ready();
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

void host::connected() {
  const std::uint64_t now = driver_->rotations();
  if (rotations_.exchange(now, std::memory_order_acq_rel) != now) pool_->retire_all();
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
  if (opened) connected();
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
  e.host = driver_->host();
  events_->on_event(e);
}

} // namespace holdfast::detail
