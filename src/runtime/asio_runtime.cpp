#include "runtime/asio_runtime.hpp"

#include "runtime/system.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace holdfast {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

/// Posts from a thread that is not the executor's, unless the context is going. `fn` begins with
/// `wait_until_let_go`: what it completes may be the last that kept a user from destroying the
/// context.
template <class Fn>
bool asio_runtime::hand_over(Fn fn) {
  const std::lock_guard lock{gate()};
  if (!abandoned_) asio::post(executor_, std::move(fn));
  return !abandoned_;
}

std::mutex& asio_runtime::gate() const noexcept {
  static std::array<std::mutex, 64> gates;
  return gates[std::hash<const void*>{}(this) / alignof(std::max_align_t) % gates.size()];
}

void asio_runtime::wait_until_let_go() { const std::lock_guard lock{gate()}; }

// One suspended coroutine, shared with the handlers that may wake it. All but its creation and
// destruction happens on the executor; whoever fires first decides.
struct asio_runtime::sleeper {
  sleeper(asio_runtime& r, suspension& s) : home{&r}, suspended{&s}, timer{r.executor_} {}

  void fire(wait_status status) {
    if (!home) return;
    const auto self = std::move(*place); // keeps this alive through the resume
    home->sleepers_.erase(place);
    home = nullptr;
    timer.cancel();
    // Released before the connection may change hands: the descriptor is never closed by Asio.
    if (descriptor) descriptor->release();
    suspended->status = status;
    suspended->caller.resume();
  }

  void wake() {
    if (!home) return;
    home->wait_until_let_go();
    fire(wait_status::ready);
  }

  asio_runtime* home; // null once fired
  suspension* suspended;
  asio::steady_timer timer;
  std::unique_ptr<stream_descriptor> descriptor; // most sleepers have none, and there may be many
  sleeper_list::iterator place;
};

asio_runtime::asio_runtime(asio::any_io_executor serial,
                           std::shared_ptr<detail::blocking_pool> blocking, runtime* background)
    : executor_{std::move(serial)}, blocking_{std::move(blocking)}, background_{background} {}

asio_runtime::~asio_runtime() {
  for (auto& s : sleepers_) s->home = nullptr;
}

time_point asio_runtime::now() noexcept { return detail::system_now(); }
time_point asio_runtime::coarse_now() noexcept { return detail::system_coarse_now(); }
duration asio_runtime::boot_time() noexcept { return detail::system_boot_time(); }
std::uint64_t asio_runtime::random() noexcept { return detail::system_random(); }

void asio_runtime::cancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  // Each resume may add or remove sleepers, but new ones are refused by now.
  while (!sleepers_.empty()) sleepers_.front()->fire(wait_status::cancelled);
}

void asio_runtime::abandon() {
  {
    const std::lock_guard lock{gate()};
    abandoned_ = true;
  }
  cancel();
  while (!errands_.empty()) {
    const auto sent = errands_.front();
    if (sent->take())
      sent->work.run(sent->work.context); // sees that it was cancelled
    else
      sent->at.wait(errand::step::taken); // it works on a suspended frame
    come_back(sent);
  }
  // Others are broken off when their code is destroyed with the context, which comes next.
  const auto broken_off = [](const auto& v) { return v.broken_off; };
  for (auto v = std::ranges::find_if(visits_, broken_off); v != visits_.end();
       v = std::ranges::find_if(visits_, broken_off))
    end_visit(*v);
}

detail::visit& asio_runtime::begin_visit(std::coroutine_handle<> caller) {
  return visits_.emplace_front(detail::visit{*this, caller});
}

void asio_runtime::end_visit(detail::visit& v) {
  const auto caller = v.caller;
  visits_.remove_if([&v](const auto& one) { return &one == &v; });
  caller.resume();
}

void asio_runtime::break_off(detail::visit& v) {
  v.broken_off = true;
  const bool later = hand_over([this, &v] {
    wait_until_let_go();
    end_visit(v);
  });
  if (!later) end_visit(v);
}

void asio_runtime::spawn(task<void> work) {
  if (background_) return background_->spawn(std::move(work));
  asio::post(executor_, [w = std::move(work)]() mutable { detail::run_root(std::move(w), [] {}); });
}

task<result<std::vector<address>>> asio_runtime::resolve(std::string host, deadline until) {
  return detail::resolve_by(
      *this,
      [pool = blocking_](std::function<void()> work) {
        if (!pool->submit(work)) work();
      },
      std::move(host), until);
}

branch asio_runtime::fork() { return background_ ? background_->fork() : branch{}; }

bool asio_runtime::refuse(suspension& s) const noexcept {
  if (cancelled()) s.status = wait_status::cancelled;
  return cancelled();
}

std::shared_ptr<asio_runtime::sleeper> asio_runtime::sleep(suspension& s, time_point at) {
  auto made = std::make_shared<sleeper>(*this, s);
  made->place = sleepers_.insert(sleepers_.end(), made);
  made->timer.expires_at(at);
  made->timer.async_wait([made](boost::system::error_code failed) {
    if (!failed) made->fire(wait_status::timed_out);
  });
  return made;
}

bool asio_runtime::begin_sleep(suspension& s, time_point at) {
  if (refuse(s)) return false;
  sleep(s, at);
  return true;
}

bool asio_runtime::begin_wait(suspension& s, int descriptor, io events, deadline until) {
  if (refuse(s)) return false;
  stream_descriptor watched{executor_};
  boost::system::error_code failed;
  watched.assign(descriptor, failed);
  if (failed) { // not pollable: let the caller's own read or write tell why
    s.status = wait_status::ready;
    return false;
  }
  auto made = sleep(s, until.at());
  made->descriptor = std::make_unique<stream_descriptor>(std::move(watched));
  const auto watch = [&made](stream_descriptor::wait_type type) {
    made->descriptor->async_wait(type, [made](boost::system::error_code ec) {
      if (ec != asio::error::operation_aborted) made->fire(wait_status::ready);
    });
  };
  const auto bits = static_cast<unsigned>(events);
  if (bits & 1U) watch(stream_descriptor::wait_read);
  if (bits & 2U) watch(stream_descriptor::wait_write);
  return true;
}

bool asio_runtime::begin_park(suspension& s, waiter& w, deadline until) {
  const std::lock_guard lock{w.mutex_};
  if (w.woken_) {
    s.status = wait_status::ready;
    return false;
  }
  if (refuse(s)) return false;
  w.sleeper_ = sleep(s, until.at());
  return true;
}

bool asio_runtime::begin_offload(suspension& s, job work) {
  const auto sent = errands_.emplace_front(std::make_shared<errand>(&s, work, executor_));
  if (!abandoned_ && submit(sent)) return true;
  if (!sent->take()) return true; // it was queued before memory ran out, and a worker has it
  leave(sent);
  work.run(work.context); // the service has stopped, or nobody will come back: late, but done
  return false;
}

bool asio_runtime::submit(const std::shared_ptr<errand>& sent) noexcept {
  try {
    return blocking_->submit([this, sent] {
      if (!sent->take()) return; // then all but `sent` may be gone
      sent->work.run(sent->work.context);
      (void)hand_over([this, sent] {
        wait_until_let_go();
        come_back(sent);
      });
      sent->at.store(errand::step::done); // only now: `abandon` may go on
      sent->at.notify_one();
    });
  } catch (...) { // neither memory nor a thread to be had
    return false;
  }
}

void asio_runtime::leave(const std::shared_ptr<errand>& sent) {
  errands_.remove_if([&sent](const auto& one) { return one == sent; });
  sent->guard.reset(); // a worker may let go of the rest when there is no context any more
}

void asio_runtime::come_back(const std::shared_ptr<errand>& sent) {
  leave(sent);
  sent->suspended->caller.resume();
}

void asio_runtime::wake(waiter& w) noexcept {
  std::shared_ptr<void> parked;
  {
    const std::lock_guard lock{w.mutex_};
    if (w.woken_) return;
    w.woken_ = true;
    parked = std::move(w.sleeper_);
  }
  if (!parked) return;
  auto s = std::static_pointer_cast<sleeper>(std::move(parked));
  (void)hand_over([s = std::move(s)] { s->wake(); });
}

} // namespace holdfast
