#pragma once

#include <holdfast/runtime.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace holdfast {

/// A deterministic world: virtual time and a seeded order of everything that is ready at once. One
/// thread; the same seed and code give the same run, to the last step.
class simulator {
public:
  explicit simulator(std::uint64_t seed);
  ~simulator();
  simulator(const simulator&) = delete;
  simulator& operator=(const simulator&) = delete;

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] time_point now() const noexcept { return now_; }
  /// The machine sleeps: no time passes for whoever runs on it, as on Linux.
  void sleep_machine(duration d) noexcept { slept_ += d; }
  [[nodiscard]] duration boot_time() const noexcept { return now_.time_since_epoch() + slept_; }
  [[nodiscard]] std::uint64_t random() noexcept { return engine_(); }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

  /// Calls `fn` at a virtual time, or as soon as possible, in seeded order among equals.
  void at(time_point when, std::function<void()> fn);
  void post(std::function<void()> fn);

  /// Called after each step: check invariants here, and throw to fail the run.
  void after_each_step(std::function<void()> check) { check_ = std::move(check); }

  /// One step; false if nothing is left to do. Time jumps to the next event.
  bool step();
  /// Steps until `done()`, or until nothing is left or `limit` of virtual time has passed (false).
  bool run_until(const std::function<bool()>& done, duration limit = std::chrono::hours{24});
  /// Lets virtual time pass, doing all that falls due.
  void run_for(duration d);

  /// What `resolve` answers; an empty list is name_not_resolved. Unknown hosts resolve to
  /// themselves.
  void set_host(std::string host, std::vector<address> addresses);
  [[nodiscard]] const std::map<std::string, std::vector<address>>& hosts() const { return hosts_; }

  /// A descriptor that only exists here, ready for nothing until `set_ready`.
  [[nodiscard]] int open_descriptor();
  void set_ready(int descriptor, io events, bool ready);
  [[nodiscard]] bool is_ready(int descriptor, io events) const;
  /// Calls `fn` once, when the descriptor becomes ready.
  void when_ready(int descriptor, io events, std::function<void()> fn);

private:
  struct watch {
    io events;
    std::function<void()> notify;
  };

  std::uint64_t seed_;
  std::mt19937_64 engine_;
  time_point now_{std::chrono::hours{1}};
  duration slept_{}; // by the machine
  std::uint64_t steps_ = 0;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<time_point, std::uint64_t>, std::function<void()>> timers_;
  std::vector<std::function<void()>> ready_;
  std::map<std::string, std::vector<address>> hosts_;
  std::map<int, std::uint8_t> descriptors_; // ready events
  std::multimap<int, watch> watches_;
  std::function<void()> check_;
};

/// The runtime of one operation, or of the background, in a simulated world. `offload` runs inline
/// and takes no virtual time.
class sim_runtime final : public runtime {
public:
  explicit sim_runtime(simulator& world) noexcept : world_{world} {}
  ~sim_runtime() override;

  [[nodiscard]] simulator& world() const noexcept { return world_; }

  /// Ends this operation's present and later waits with `cancelled`.
  void cancel();

  /// Runs a task to its end, with everything else that happens meanwhile. Throws std::logic_error
  /// if nothing is left to do and the task has not ended: a lost wake-up.
  template <class T>
  T run(task<T> t);

  [[nodiscard]] time_point now() noexcept override { return world_.now(); }
  [[nodiscard]] time_point coarse_now() noexcept override { return world_.now(); }
  [[nodiscard]] duration boot_time() noexcept override { return world_.boot_time(); }
  [[nodiscard]] std::uint64_t random() noexcept override { return world_.random(); }
  [[nodiscard]] bool cancelled() const noexcept override { return cancelled_; }
  void spawn(task<void> work) override;
  [[nodiscard]] branch fork() override;
  [[nodiscard]] task<result<std::vector<address>>> resolve(std::string host,
                                                           deadline until) override;

private:
  struct sleeper;

  bool begin_sleep(suspension& s, time_point at) override;
  bool begin_wait(suspension& s, int descriptor, io events, deadline until) override;
  bool begin_park(suspension& s, waiter& w, deadline until) override;
  bool begin_offload(suspension& s, job work) override;
  void wake(waiter& w) noexcept override;
  std::shared_ptr<sleeper> sleep(suspension& s, time_point at);
  void run_to_end(const std::function<bool()>& done);

  simulator& world_;
  bool cancelled_ = false;
  std::vector<std::weak_ptr<sleeper>> sleepers_;
};

template <class T>
T sim_runtime::run(task<T> t) {
  // Shared with the task: after a lost wake-up it outlives this call.
  struct ending {
    std::exception_ptr thrown;
    std::conditional_t<std::is_void_v<T>, bool, std::optional<T>> value{};
  };
  const auto end = std::make_shared<ending>();
  auto body = [](task<T> inner, std::shared_ptr<ending> out) -> task<void> {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(inner);
        out->value = true;
      } else {
        out->value.emplace(co_await std::move(inner));
      }
    } catch (...) {
      out->thrown = std::current_exception();
    }
  };
  spawn(body(std::move(t), end));
  run_to_end([&] { return static_cast<bool>(end->value) || end->thrown; });
  if (end->thrown) std::rethrow_exception(end->thrown);
  if constexpr (!std::is_void_v<T>) return std::move(*end->value);
}

} // namespace holdfast
