#include "pool/core.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace holdfast::detail {
namespace {

constexpr event_set uses{event_kind::acquired, event_kind::released};

event_set interests(const observer_ptr& events) {
  return events ? events->interests() : event_set{};
}

ledger_traits traits_for(const connector_port::traits& a) {
  return {.always_check = a.check_each_borrow, .can_interrupt = a.interrupts};
}

void require_sane(const pool_options& o) {
  std::string wrong;
  const auto require = [&wrong](bool holds, std::string_view what) {
    if (holds) return;
    wrong += wrong.empty() ? "pool options: " : "; ";
    wrong += what;
  };
  const auto positive = [](const std::optional<duration>& d) { return !d || *d > duration{}; };
  require(o.max_size >= 1, "max_size must be at least 1");
  require(o.min_size <= o.max_size, "min_size must not exceed max_size");
  require(o.max_connecting >= 1, "max_connecting must be at least 1");
  require(o.acquire_timeout > duration{}, "acquire_timeout must be longer than zero");
  require(o.connect_timeout > duration{}, "connect_timeout must be longer than zero");
  require(o.ping_timeout > duration{}, "ping_timeout must be longer than zero");
  require(positive(o.idle_timeout), "idle_timeout must be longer than zero, or off");
  require(positive(o.max_lifetime), "max_lifetime must be longer than zero, or off");
  require(positive(o.keepalive), "keepalive must be longer than zero, or off");
  require(!o.ping_after_idle || *o.ping_after_idle >= duration{},
          "ping_after_idle must not be negative");
  require(positive(o.leak_after), "leak_after must be longer than zero, or off");
  require(positive(o.maintenance_interval),
          "maintenance_interval must be longer than zero, or off");
  if (!wrong.empty()) throw_error(make_error(errc::invalid_configuration, std::move(wrong)));
}

} // namespace

pid_t this_thread_id() noexcept {
  thread_local const pid_t id = ::gettid();
  return id;
}

core::core(const pool_options& options, std::shared_ptr<connector_port> connector,
           pool_environment where)
    : options_{options}, connector_{std::move(connector)}, where_{std::move(where)},
      abilities_{connector_->abilities()}, wanted_{interests(where_.events)},
      precise_{where_.metrics || !(wanted_ - (event_set::all() - uses)).empty()},
      ledger_{options, traits_for(abilities_)}, fx_{wanted_, where_.metrics.get()},
      objects_(options.max_size), holders_(options.max_size) {}

core::~core() {
  if (fork_.forked()) return; // the parent's sessions
  for (void* const object : objects_)
    if (object) connector_->destroy(object);
}

core::in_flight::~in_flight() {
  if (!pool) return;
  const std::lock_guard lock{pool->mutex_};
  pool->tasks_ -= tasks;
  pool->wake_drainers();
}

// Idle stamps may be a few milliseconds old; use times that are measured may not.
time_point core::stamp() const noexcept {
  return precise_ ? where_.background->now() : where_.background->coarse_now();
}

void core::settle(pending& later, time_point now, const error_ptr& cause) {
  for (const effect& e : fx_.list()) {
    switch (e.action) {
    case effect::what::publish: publish(e, now, cause); break;
    case effect::what::wake: wake(*e.who, cause); break;
    case effect::what::connect:
      later.connects.push_back({e.slot, e.serial, e.care, nullptr});
      ++tasks_;
      break;
    case effect::what::close:
      if (void* const object = std::exchange(objects_[e.slot], nullptr)) doom(later, object);
      break;
    case effect::what::tend:
      later.tends.push_back({e.slot, e.serial, e.care, objects_[e.slot]});
      ++tasks_;
      break;
    case effect::what::interrupt:
      // From here on the borrower owns the connection, and closes it at its release.
      connector_->interrupt(std::exchange(objects_[e.slot], nullptr));
      break;
    }
  }
  fx_.clear();
}

void core::doom(pending& later, void* object) {
  later.closings.push_back(object);
  ++tasks_;
}

void core::publish(const effect& e, time_point now, const error_ptr& cause) noexcept {
  const bool blamed = e.event == event_kind::pool_cleared ||
                      e.reason == event_reason::connection_error ||
                      e.reason == event_reason::error || e.reason == event_reason::validation;
  event told;
  told.kind = e.event;
  told.reason = e.reason;
  told.at = now;
  told.database = where_.database;
  told.host = where_.host;
  told.connection = e.connection;
  told.elapsed = e.elapsed;
  if (e.request) {
    told.operation = e.request->operation;
    told.trace_id = e.request->trace_id;
  } else if (e.slot != no_slot) {
    told.operation = holders_[e.slot].operation.view();
    told.trace_id = holders_[e.slot].trace.view();
    told.caller = holders_[e.slot].caller;
  }
  if (blamed) told.failure = cause.get();
  where_.events->on_event(told);
}

void core::wake(ticket& who, const error_ptr& cause) noexcept {
  auto& w = static_cast<waiting&>(who);
  if (w.at == ticket::phase::granted) {
    ++leases_out_;
    const slot& s = ledger_.at(w.slot);
    w.lease = {objects_[w.slot], w.serial, s.connection, s.generation, w.slot};
    holder& h = holders_[w.slot];
    h.caller = w.caller;
    h.thread = w.thread;
    h.operation.assign(w.request->operation);
    h.trace.assign(w.request->trace_id);
  } else {
    w.cause = cause ? cause : clear_cause_;
  }
  w.sleeper->unpark();
}

/// After `leases_out_` or `tasks_` fell. Callers hold a reference of their own.
void core::wake_drainers() noexcept {
  if (leases_out_ == 0) self_.reset();
  if (leases_out_ > 0 || tasks_ > 0) return;
  for (waiter* const w : drainers_) w->unpark();
}

void core::carry_out(pending& later) {
  if (later.empty()) return;
  runtime& rt = *where_.background;
  for (const chore& c : later.connects)
    rt.spawn(connect(in_flight{shared_from_this()}, c.slot, c.serial));
  for (const chore& c : later.tends) rt.spawn(tend(in_flight{shared_from_this()}, c));
  if (later.closings.empty()) return;
  std::vector<doomed> list;
  list.reserve(later.closings.size());
  for (void* const object : later.closings) list.emplace_back(*connector_, object);
  in_flight tracked{shared_from_this(), list.size()};
  rt.spawn(close_all(std::move(tracked), std::move(list)));
}

[[gnu::hot]] bool core::try_take(const acquire_request& r, std::source_location caller,
                                 raw_lease& out) noexcept {
  if (fork_.forked()) return false;
  const time_point now = r.now ? *r.now : stamp();
  const std::lock_guard lock{mutex_};
  const auto taken = ledger_.try_take(r, now, fx_);
  if (!taken) return false;
  ++leases_out_;
  holder& h = holders_[taken->slot];
  h.caller = caller;
  h.thread = this_thread_id();
  h.operation.assign(r.operation);
  h.trace.assign(r.trace_id);
  out = {objects_[taken->slot], taken->serial, taken->connection, ledger_.generation(),
         taken->slot};
  if (!fx_.empty()) {
    pending none{}; // taking from the top leads to events alone
    settle(none, now, nullptr);
  }
  return true;
}

[[gnu::hot]] void core::release(raw_lease lease, bool in_doubt,
                                std::optional<time_point> at) noexcept {
  if (fork_.forked()) return; // the parent's session: not ours to touch, not even to close
  auto how = ledger::returned::sound;
  if (in_doubt || !connector_->usable(lease.object))
    how = ledger::returned::in_doubt;
  else if (abilities_.tend_each_release || wants_reset(lease.object))
    how = ledger::returned::dirty;
  const time_point now = at ? *at : stamp();
  pending later;
  std::shared_ptr<core> last; // after the lock: may end this pool
  {
    const std::lock_guard lock{mutex_};
    if (!ledger_.release({lease.slot, lease.serial, lease.connection}, how, now, fx_))
      doom(later, lease.object);
    if (!fx_.empty()) settle(later, now, nullptr);
    if (--leases_out_ == 0) {
      last = std::move(self_);
      wake_drainers();
    }
  }
  if (!later.empty()) carry_out(later);
}

void core::note_statement(const raw_lease& lease, std::string_view name) noexcept {
  if (fork_.forked()) return;
  const std::lock_guard lock{mutex_};
  if (ledger_.at(lease.slot).serial == lease.serial) holders_[lease.slot].operation.assign(name);
}

std::shared_ptr<pool_core> make_pool_core(const pool_options& options,
                                          std::shared_ptr<connector_port> connector,
                                          pool_environment where) {
  require_sane(options);
  auto made = std::make_shared<core>(options, std::move(connector), std::move(where));
  made->begin();
  return made;
}

} // namespace holdfast::detail
