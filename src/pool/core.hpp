// The pool itself: the ledger under a lock, and what carries its decisions out. Decisions and
// events happen under the lock, so events are published in their order; connects, closes, pings and
// resets are spawned once it is free.
#pragma once

#include "pool/effects.hpp"
#include "pool/fork_guard.hpp"
#include "pool/ledger.hpp"

#include <holdfast/detail/pool_core.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace holdfast::detail {

/// The thread that runs this, as the system calls it.
[[nodiscard]] pid_t this_thread_id() noexcept;

class core final : public pool_core, public std::enable_shared_from_this<core> {
public:
  core(const pool_options& options, std::shared_ptr<connector_port> connector,
       pool_environment where);
  ~core() override;

  bool try_take(const acquire_request& r, std::source_location caller,
                raw_lease& out) noexcept override;
  task<result<raw_lease>> acquire(runtime& rt, acquire_request r,
                                  std::source_location caller) override;
  void release(raw_lease lease, bool in_doubt, std::optional<time_point> at) noexcept override;
  void note_statement(const raw_lease& lease, std::string_view name) noexcept override;

  void ready() override;
  task<result<void>> start(runtime& rt, deadline until) override;
  void clear(error cause, bool interrupt, std::optional<std::uint64_t> seen) override;
  void suspend() override;
  void resume() override;
  void close() override;
  task<result<void>> drain(runtime& rt, deadline until) override;
  bool donate(void* connection) override;
  void set_lease_limit(std::uint32_t limit) override;
  void suspect_idle() override;
  void retire_all() override;
  void retire_if(const std::function<bool(const void*)>& which) override;
  std::uint64_t generation() const override;
  pool_snapshot snapshot() const override;
  bool forked() const noexcept override { return fork_.forked(); }
  void abandon() noexcept override;

  /// Publishes pool_created and starts upkeep. Once, right after the making.
  void begin();

private:
  using error_ptr = std::shared_ptr<const error>;

  // Who has a slot, for reports.
  template <std::size_t N>
  struct short_text { // cut off at its end
    std::uint8_t length = 0;
    std::array<char, N> letters{};
    void assign(std::string_view text) noexcept {
      length = static_cast<std::uint8_t>(std::min(text.size(), N));
      std::copy_n(text.data(), length, letters.data());
    }
    [[nodiscard]] std::string_view view() const noexcept { return {letters.data(), length}; }
  };
  struct holder {
    std::source_location caller{};
    pid_t thread = 0;
    short_text<47> operation{};
    short_text<32> trace{};
  };
  // One acquire's place in the queue; see core_acquire.cpp.
  struct waiting;
  // A connection on its way out. Closed by a task; destroyed on the spot if that never runs.
  struct doomed;
  // Keeps the pool, and counts in `tasks_`, as long as a spawned task lives.
  struct in_flight;
  struct chore {
    std::uint32_t slot;
    std::uint64_t serial;
    tending care;
    void* object;
  };
  // What is to be done once the lock is free.
  struct pending {
    std::vector<chore> connects;
    std::vector<chore> tends;
    std::vector<void*> closings;
    [[nodiscard]] bool empty() const noexcept {
      return connects.empty() && tends.empty() && closings.empty();
    }
  };

  // core.cpp
  template <class Decide>
  void step(Decide decide, const error_ptr& cause = nullptr);
  void settle(pending& later, time_point now, const error_ptr& cause);
  void publish(const effect& e, time_point now, const error_ptr& cause) noexcept;
  void wake(ticket& who, const error_ptr& cause) noexcept;
  void doom(pending& later, void* object);
  void carry_out(pending& later);
  void wake_drainers() noexcept;
  [[nodiscard]] time_point stamp() const noexcept;
  [[nodiscard]] pool_snapshot look(time_point now) const;

  // core_acquire.cpp
  task<result<raw_lease>> acquire_until(runtime& rt, acquire_request r, std::source_location caller,
                                        deadline until, error_ptr* cause);
  void begin_wait(waiting& w);
  void end_wait(waiting& w, wait_status status, time_point now);
  task<result<void>> check(runtime& rt, waiting& w, deadline until);
  void confirm(waiting& w, time_point now);
  void reject(waiting& w, refusal why, time_point now);
  void forget(waiting& w) noexcept;
  [[nodiscard]] error refusal_of(const waiting& w, time_point now, bool blocking) const;
  [[nodiscard]] error verdict_of(const waiting& w, time_point now) const;
  [[nodiscard]] error exhausted(const waiting& w, time_point now, bool blocking) const;
  [[nodiscard]] error forked_error() const;

  // core_background.cpp
  task<void> connect(in_flight self, std::uint32_t slot, std::uint64_t serial);
  task<void> tend(in_flight self, chore what);
  task<void> close_all(in_flight self, std::vector<doomed> list);
  task<void> keep_up(std::shared_ptr<core> self);
  [[nodiscard]] std::uint64_t begin_connect(std::uint32_t slot, std::uint64_t serial);
  void connect_ended(std::uint32_t slot, std::uint64_t serial, result<void*> opened);
  [[nodiscard]] bool wants_reset(void* object) const noexcept;

  const pool_options options_;
  const std::shared_ptr<connector_port> connector_;
  const pool_environment where_;
  const connector_port::traits abilities_;
  const event_set wanted_;
  const bool precise_; // somebody measures use times
  const fork_guard fork_;

  mutable std::mutex mutex_; // guards all below
  ledger ledger_;
  effects fx_;
  std::vector<void*> objects_; // by slot; null while connecting or taken away
  std::vector<holder> holders_;
  error_ptr clear_cause_;
  std::string last_connect_error_;
  std::uint64_t leases_out_ = 0; // in borrowers' hands, interrupted ones included
  std::uint64_t tasks_ = 0;      // connects, tends and closes that have not ended
  std::vector<waiter*> drainers_;
  waiter* upkeep_ = nullptr;
  std::shared_ptr<core> self_; // set when abandoned with leases out; the last of them lets go
};

/// One decision and all that follows from it.
template <class Decide>
void core::step(Decide decide, const error_ptr& cause) {
  if (fork_.forked()) return;
  pending later;
  const time_point now = where_.background->now();
  {
    const std::lock_guard lock{mutex_};
    decide(now, later);
    settle(later, now, cause);
  }
  carry_out(later);
}

struct core::waiting : ticket {
  enum class next : std::uint8_t { wait, check, done };

  waiting(core& p, runtime& rt, const acquire_request& r, std::source_location c) noexcept
      : ticket{r}, pool{p}, caller{c} {
    sleeper.emplace(rt);
  }
  ~waiting() {
    if (turn != next::done) pool.forget(*this);
  }
  void look() noexcept;

  core& pool;
  std::optional<waiter> sleeper; // a new one for each wait
  std::source_location caller;
  pid_t thread = this_thread_id();
  next turn = next::done; // the coroutine's own view
  raw_lease lease{};      // once granted
  error_ptr cause{};      // once failed
};

struct core::in_flight {
  explicit in_flight(std::shared_ptr<core> p, std::size_t n = 1) noexcept
      : pool{std::move(p)}, tasks{n} {}
  in_flight(in_flight&&) noexcept = default;
  in_flight& operator=(in_flight&&) = delete;
  ~in_flight();
  std::shared_ptr<core> pool;
  std::size_t tasks;
};

struct core::doomed {
  doomed(connector_port& p, void* o) noexcept : port{&p}, object{o} {}
  doomed(doomed&& other) noexcept
      : port{other.port}, object{std::exchange(other.object, nullptr)} {}
  doomed& operator=(doomed&&) = delete;
  ~doomed() {
    if (object) port->destroy(object);
  }
  connector_port* port; // outlived by the pool of the same task
  void* object;
};

} // namespace holdfast::detail
