// The pool's part that is told what to do: ready, clear, suspend, close, donate; and its numbers.
#include "pool/core.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::detail {
namespace {
constexpr std::size_t most_reported = 5;
}

void core::ready() {
  step([this](time_point now, pending&) {
    ledger_.ready(now, fx_);
    if (upkeep_) upkeep_->unpark(); // slow start wants it sooner
  });
}

// The first connection proves that the server can be reached; its failure is the caller's.
task<result<void>> core::start(runtime& rt, deadline until) {
  ready();
  const acquire_request request{};
  error_ptr cause;
  auto first = co_await acquire_until(rt, request, std::source_location::current(), until, &cause);
  if (first) {
    release(*first, false, std::nullopt);
    co_return result<void>{};
  }
  if (first.error().code == errc::pool_cleared && cause) co_return *cause;
  co_return std::move(first.error());
}

void core::clear(error cause, bool interrupt, std::optional<std::uint64_t> seen) {
  const auto shared = std::make_shared<const error>(std::move(cause));
  step(
      [&](time_point now, pending&) {
        // What an earlier generation saw says nothing about this one.
        if (seen && *seen != ledger_.generation()) return;
        clear_cause_ = shared;
        ledger_.clear(now, interrupt, fx_);
      },
      shared);
}

void core::suspend() {
  step([this](time_point, pending&) { ledger_.suspend(fx_); });
}

void core::resume() {
  step([this](time_point now, pending&) { ledger_.resume(now, fx_); });
}

void core::close() {
  step([this](time_point now, pending&) {
    ledger_.close(now, fx_);
    if (upkeep_) upkeep_->unpark();
  });
}

task<result<void>> core::drain(runtime& rt, deadline until) {
  if (fork_.forked()) co_return forked_error();
  const auto self = shared_from_this();
  close();
  waiter asleep{rt};
  {
    const std::lock_guard lock{mutex_};
    if (leases_out_ == 0 && tasks_ == 0) co_return result<void>{};
    drainers_.push_back(&asleep);
  }
  const wait_status status = co_await rt.park(asleep, until);
  const std::lock_guard lock{mutex_};
  std::erase(drainers_, &asleep);
  if (status == wait_status::ready) co_return result<void>{};
  auto seen = std::make_shared<pool_snapshot>(look(rt.now()));
  auto e = wait_error(status, "draining the pool");
  e.message += ": " + to_string(*seen);
  e.pool = std::move(seen);
  co_return e;
}

bool core::donate(void* connection) {
  bool taken = false;
  const std::uint64_t random = where_.background->random();
  step([&](time_point now, pending&) {
    const auto place = ledger_.donate(now, fx_);
    if (!place) return;
    last_connect_error_.clear();
    taken = ledger_.connected(place->slot, place->serial, now, random, fx_);
    objects_[place->slot] = connection;
  });
  return taken;
}

void core::set_lease_limit(std::uint32_t limit) {
  step([&](time_point now, pending&) { ledger_.set_lease_limit(limit, now, fx_); });
}

void core::suspect_idle() {
  step([this](time_point, pending&) { ledger_.suspect_idle(); });
}

void core::retire_all() {
  step([this](time_point now, pending&) { ledger_.retire_all(now, fx_); });
}

void core::retire_if(const std::function<bool(const void*)>& which) {
  const auto chosen = [&](std::uint32_t slot) { return objects_[slot] && which(objects_[slot]); };
  step([&](time_point now, pending&) { ledger_.retire_if(chosen, now, fx_); });
}

std::uint64_t core::generation() const {
  if (fork_.forked()) return 0;
  const std::lock_guard lock{mutex_};
  return ledger_.generation();
}

pool_snapshot core::snapshot() const {
  if (fork_.forked()) {
    pool_snapshot nothing;
    nothing.state = pool_state::closed;
    return nothing;
  }
  const time_point now = where_.background->now();
  const std::lock_guard lock{mutex_};
  return look(now);
}

pool_snapshot core::look(time_point now) const {
  pool_snapshot p = ledger_.numbers(now);
  p.last_connect_error = last_connect_error_;
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < ledger_.slots().size(); ++i)
    if (ledger_.at(i).state == slot_state::leased) out.push_back(i);
  const auto shown = out.begin() + static_cast<std::ptrdiff_t>(std::min(out.size(), most_reported));
  std::partial_sort(out.begin(), shown, out.end(), [this](std::uint32_t a, std::uint32_t b) {
    return ledger_.at(a).began < ledger_.at(b).began;
  });
  for (auto i = out.begin(); i != shown; ++i) {
    const slot& s = ledger_.at(*i);
    const holder& h = holders_[*i];
    p.oldest_leases.push_back({s.connection, h.caller, std::max(duration{}, now - s.began),
                               std::to_string(h.thread), std::string{h.operation.view()}});
  }
  return p;
}

void core::abandon() noexcept {
  if (fork_.forked()) return;
  close();
  const std::lock_guard lock{mutex_};
  if (leases_out_ > 0) self_ = shared_from_this();
}

} // namespace holdfast::detail
