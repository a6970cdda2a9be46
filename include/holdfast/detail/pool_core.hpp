#pragma once

#include <holdfast/acquire_request.hpp>
#include <holdfast/event.hpp>
#include <holdfast/metrics.hpp>
#include <holdfast/pool_options.hpp>
#include <holdfast/pool_snapshot.hpp>
#include <holdfast/result.hpp>
#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace holdfast {

/// Where a pool lives.
struct pool_environment {
  /// Connects, pings, resets and closes run here. The pointer must keep all alive that spawning
  /// needs; a pool lives as long as its last lease.
  std::shared_ptr<runtime> background;
  observer_ptr events{}; ///< may be null
  std::string database{};
  std::string host{};
  /// Counts `acquired` and `released`; then not to be among `events` for these. May be null.
  std::shared_ptr<host_metrics> metrics{};
};

namespace detail {

/// What a pool needs of connections whose type it does not know. Thread-safe; outlives its
/// connections. Nothing throws: what user code throws comes back as an error.
class connector_port {
public:
  virtual ~connector_port() = default;

  struct traits {
    bool check_each_borrow = false; ///< `check` has something to do besides a ping
    bool tend_each_release = false; ///< a hook wants to see each connection that comes back
    bool resets = false;            ///< `reset` exists
    bool interrupts = false;        ///< `interrupt` breaks a connection in use
  };
  [[nodiscard]] virtual traits abilities() const noexcept = 0;

  /// A connection, ready for its first borrower. Owned by the caller, who ends it by `close` or
  /// `destroy`.
  virtual task<result<void*>> open(runtime& rt, deadline until) = 0;
  virtual task<result<void>> ping(runtime& rt, void* c, deadline until) = 0;
  /// What is to run at each borrow.
  virtual task<result<void>> before_acquire(runtime& rt, void* c, deadline until) = 0;
  /// The hook, then the reset where it is asked for, then what a reset undid of the connect.
  virtual task<result<void>> tend(runtime& rt, void* c, bool reset, deadline until) = 0;
  virtual task<void> close(runtime& rt, void* c) = 0;
  /// As `close`, where no runtime is left.
  virtual void destroy(void* c) noexcept = 0;

  [[nodiscard]] virtual bool dirty(void* c) noexcept = 0;
  /// False: the connection itself knows that it is not to be used again.
  [[nodiscard]] virtual bool usable(void* c) noexcept = 0;
  /// Breaks what the connection is doing, from any thread, without blocking.
  virtual void interrupt(void* c) noexcept = 0;
  /// True if this failed connect says that the host is down: its pool is then cleared.
  [[nodiscard]] virtual bool condemns(const error& e) noexcept = 0;
};

/// A connection in a borrower's hands.
struct raw_lease {
  void* object = nullptr;
  std::uint64_t serial = 0;
  std::uint64_t connection = 0;
  std::uint64_t generation = 0;
  std::uint32_t slot = 0;
};

/// A pool of connections of an unknown type; see `pool`. All verbs are thread-safe. Those that take
/// no runtime never wait, but for the pool's own lock.
class pool_core {
public:
  virtual ~pool_core() = default;

  /// The fast path: a fresh idle connection with nobody waiting before us; false otherwise, with
  /// nothing changed. Allocates nothing.
  [[nodiscard]] virtual bool try_take(const acquire_request& r, std::source_location caller,
                                      raw_lease& out) noexcept = 0;
  [[nodiscard]] virtual task<result<raw_lease>> acquire(runtime& rt, acquire_request r,
                                                        std::source_location caller) = 0;
  /// `now`: if the caller has just read the clock.
  virtual void release(raw_lease lease, bool in_doubt, std::optional<time_point> now) noexcept = 0;
  virtual void note_statement(const raw_lease& lease, std::string_view name) noexcept = 0;

  virtual void ready() = 0;
  virtual task<result<void>> start(runtime& rt, deadline until) = 0;
  virtual void clear(error cause, bool interrupt, std::optional<std::uint64_t> seen) = 0;
  virtual void suspend() = 0;
  virtual void resume() = 0;
  virtual void close() = 0;
  virtual task<result<void>> drain(runtime& rt, deadline until) = 0;
  /// False, and nothing taken, if there is no place for it.
  [[nodiscard]] virtual bool donate(void* connection) = 0;
  virtual void set_lease_limit(std::uint32_t limit) = 0;
  virtual void suspect_idle() = 0;
  virtual void retire_all() = 0;
  /// `which` is called under the lock, also for what is in use.
  virtual void retire_if(const std::function<bool(const void*)>& which) = 0;
  [[nodiscard]] virtual std::uint64_t generation() const = 0;
  [[nodiscard]] virtual pool_snapshot snapshot() const = 0;

  /// True in a child made by fork: nothing here may be touched any more.
  [[nodiscard]] virtual bool forked() const noexcept = 0;
  /// The pool's handle is going: closes, and lives on only as long as leases are out.
  virtual void abandon() noexcept = 0;
};

/// Starts paused. Throws database_error (invalid_configuration) if options contradict each other.
[[nodiscard]] std::shared_ptr<pool_core> make_pool_core(const pool_options& options,
                                                        std::shared_ptr<connector_port> connector,
                                                        pool_environment where);

} // namespace detail
} // namespace holdfast
