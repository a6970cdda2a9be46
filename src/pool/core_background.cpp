// The pool's part that runs on the background loop: connects, resets, pings, closes, upkeep.
#include "pool/core.hpp"
#include "pool/sleep_detector.hpp"

#include <utility>

namespace holdfast::detail {

void core::begin() {
  step([this](time_point, pending&) { fx_.publish(event_kind::pool_created); });
  if (options_.maintenance_interval) where_.background->spawn(keep_up(shared_from_this()));
}

std::uint64_t core::begin_connect(std::uint32_t slot, std::uint64_t serial) {
  std::uint64_t id = 0;
  step([&](time_point now, pending&) { id = ledger_.begin_connect(slot, serial, now, fx_); });
  return id;
}

task<void> core::connect([[maybe_unused]] in_flight self, std::uint32_t slot,
                         std::uint64_t serial) {
  if (begin_connect(slot, serial) == 0) co_return;
  runtime& rt = *where_.background;
  const auto until = deadline::after(rt.now(), options_.connect_timeout);
  auto opened = co_await connector_->open(rt, until);
  connect_ended(slot, serial, std::move(opened));
}

void core::connect_ended(std::uint32_t slot, std::uint64_t serial, result<void*> opened) {
  const std::uint64_t random = where_.background->random();
  if (opened) {
    step([&](time_point now, pending& later) {
      last_connect_error_.clear();
      // Stored before the effects are carried out: they may hand it out or close it at once.
      if (ledger_.connected(slot, serial, now, random, fx_))
        objects_[slot] = *opened;
      else
        doom(later, *opened);
    });
    return;
  }
  const auto cause = std::make_shared<const error>(std::move(opened.error()));
  const bool condemned = connector_->condemns(*cause);
  step(
      [&](time_point now, pending&) {
        last_connect_error_ = to_string(*cause);
        if (condemned) clear_cause_ = cause;
        ledger_.connect_failed(slot, serial, condemned, now, random, fx_);
      },
      cause);
}

bool core::wants_reset(void* object) const noexcept {
  if (!abilities_.resets || options_.reset == pool_options::reset_mode::never) return false;
  return options_.reset == pool_options::reset_mode::always || connector_->dirty(object);
}

task<void> core::tend([[maybe_unused]] in_flight self, chore what) {
  runtime& rt = *where_.background;
  const auto until = deadline::after(rt.now(), options_.ping_timeout);
  result<void> well;
  if (what.care == tending::ping)
    well = co_await connector_->ping(rt, what.object, until);
  else
    well = co_await connector_->tend(rt, what.object, wants_reset(what.object), until);
  const auto cause = well ? error_ptr{} : std::make_shared<const error>(std::move(well.error()));
  step(
      [&](time_point now, pending&) {
        ledger_.tended(what.slot, what.serial, what.care, cause == nullptr, now, fx_);
      },
      cause);
}

task<void> core::close_all([[maybe_unused]] in_flight self, std::vector<doomed> list) {
  runtime& rt = *where_.background;
  for (doomed& d : list) co_await connector_->close(rt, std::exchange(d.object, nullptr));
}

task<void> core::keep_up([[maybe_unused]] std::shared_ptr<core> self) {
  runtime& rt = *where_.background;
  sleep_detector machine;
  (void)machine.slept(rt.now(), rt.boot_time());
  while (!fork_.forked()) {
    waiter asleep{rt};
    time_point next{};
    {
      const std::lock_guard lock{mutex_};
      if (ledger_.state() == pool_state::closed) co_return;
      upkeep_ = &asleep;
      next = ledger_.next_upkeep(rt.now());
    }
    const wait_status status = co_await rt.park(asleep, deadline{next});
    {
      const std::lock_guard lock{mutex_};
      upkeep_ = nullptr;
    }
    if (status == wait_status::cancelled) co_return;
    step([&](time_point now, pending&) {
      if (machine.slept(now, rt.boot_time())) ledger_.suspect_idle();
      ledger_.upkeep(now, fx_);
    });
  }
}

} // namespace holdfast::detail
