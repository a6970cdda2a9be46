#include "runtime/system.hpp"

#include <cstring>
#include <netdb.h>
#include <random>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <time.h>

namespace holdfast::detail {

[[gnu::hot]] time_point system_now() noexcept { return clock::now(); }

[[gnu::hot]] time_point system_coarse_now() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return time_point{std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec}};
}

duration system_boot_time() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

[[gnu::hot]] std::uint64_t system_random() noexcept {
  // splitmix64 (Steele, Lea, Flood 2014): jitter and ids need spread, not secrecy.
  thread_local std::uint64_t state = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }();
  std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

bool blocking_pool::submit(std::function<void()> job) {
  const std::lock_guard lock{state_->mutex};
  if (state_->stopping) return false;
  state_->queue.push_back(std::move(job));
  if (state_->queue.size() > state_->idle && state_->threads < state_->limit) add_worker();
  if (state_->threads == 0) state_->queue.pop_back();
  state_->wake.notify_one();
  return state_->threads > 0;
}

/// Under the lock. Where no thread can be had, those that are there do the work.
void blocking_pool::add_worker() {
  try {
    std::thread{[s = state_] { work(s); }}.detach();
    ++state_->threads;
  } catch (const std::system_error&) {
  }
}

void blocking_pool::work(const std::shared_ptr<state>& s) {
  std::unique_lock lock{s->mutex};
  const auto wanted = [&] { return s->stopping || !s->queue.empty(); };
  while (true) {
    ++s->idle;
    const bool woken = s->wake.wait_for(lock, std::chrono::seconds{5}, wanted);
    --s->idle;
    if (s->queue.empty() && (!woken || s->stopping)) break;
    auto job = std::move(s->queue.front());
    s->queue.pop_front();
    ++s->busy;
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    --s->busy;
  }
  --s->threads;
  s->gone.notify_all();
}

void blocking_pool::stop() noexcept {
  std::unique_lock lock{state_->mutex};
  state_->stopping = true;
  state_->wake.notify_all();
  state_->gone.wait(lock, [&] { return state_->threads <= state_->busy; });
}

namespace {

result<std::vector<address>> look_up(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  if (const int rc = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); rc != 0) {
    auto e =
        make_error(errc::name_not_resolved,
                   "the host name \"" + host + "\" could not be resolved: " + ::gai_strerror(rc));
    e.native_code = std::to_string(rc);
    return e;
  }
  std::vector<address> found;
  for (const addrinfo* a = list; a; a = a->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) ==
        0)
      found.push_back({text});
  }
  ::freeaddrinfo(list);
  return found;
}

// Shared by the caller, who may leave at the deadline, and the worker, who may never come back.
struct look_up_state {
  std::mutex mutex;
  waiter* caller = nullptr;
  std::optional<result<std::vector<address>>> answer;
};

} // namespace

task<result<std::vector<address>>> resolve_by(runtime& rt,
                                              std::function<void(std::function<void()>)> submit,
                                              std::string host, deadline until) {
  if (auto numeric = look_up(host, AI_NUMERICHOST)) co_return numeric;
  waiter self{rt};
  auto state = std::make_shared<look_up_state>();
  state->caller = &self;
  submit([state, host] {
    auto answer = look_up(host, AI_ADDRCONFIG);
    const std::lock_guard lock{state->mutex};
    state->answer = std::move(answer);
    if (state->caller) state->caller->unpark();
  });
  const wait_status status = co_await rt.park(self, until);
  const std::lock_guard lock{state->mutex};
  state->caller = nullptr;
  if (state->answer) co_return std::move(*state->answer);
  if (status == wait_status::cancelled) co_return wait_error(status, "resolving \"" + host + "\"");
  co_return make_error(errc::connect_timeout,
                       "resolving \"" + host + "\" did not end by the deadline");
}

} // namespace holdfast::detail
