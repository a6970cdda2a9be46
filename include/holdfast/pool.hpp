#pragma once

#include <holdfast/acquire_request.hpp>
#include <holdfast/detail/connector_adapter.hpp>
#include <holdfast/detail/pool_core.hpp>
#include <holdfast/options.hpp>
#include <holdfast/pool_options.hpp>
#include <holdfast/pool_snapshot.hpp>
#include <holdfast/service.hpp>
#include <holdfast/thread_runtime.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <string_view>
#include <utility>

// g++ 12 warns of the frames of coroutine templates over a type with internal linkage, which a
// user's connection in an anonymous namespace rightly is.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

namespace holdfast {

template <class C>
class pool;

/// A borrowed connection; goes back when this ends. Keeps its pool alive. One user at a time.
///
/// It does not notice that a statement was cancelled, timed out or torn: whoever does says
/// `discard()` (or the connector's `usable` says it), and the connection is closed, never reused.
template <class C>
class [[nodiscard]] lease {
public:
  lease() noexcept = default;
  lease(lease&& other) noexcept
      : core_{std::exchange(other.core_, nullptr)}, raw_{other.raw_}, in_doubt_{other.in_doubt_} {}
  lease& operator=(lease&& other) noexcept {
    if (this == &other) return *this;
    release();
    core_ = std::exchange(other.core_, nullptr);
    raw_ = other.raw_;
    in_doubt_ = other.in_doubt_;
    return *this;
  }
  ~lease() { release(); }

  [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }
  [[nodiscard]] C& operator*() const noexcept { return *static_cast<C*>(raw_.object); }
  [[nodiscard]] C* operator->() const noexcept { return static_cast<C*>(raw_.object); }

  /// As events call it: 1, 2, 3 … per pool.
  [[nodiscard]] std::uint64_t connection() const noexcept { return raw_.connection; }
  /// The pool's generation when it was opened; for `pool::clear`.
  [[nodiscard]] std::uint64_t generation() const noexcept { return raw_.generation; }

  /// The connection is in doubt: it will be closed at its return.
  void discard() noexcept { in_doubt_ = true; }
  [[nodiscard]] bool discarded() const noexcept { return in_doubt_; }

  /// Names what the connection is doing, for reports; at most 47 bytes are kept.
  void note_statement(std::string_view name) noexcept {
    if (core_) core_->note_statement(raw_, name);
  }

  /// Returns the connection now. Never waits; what takes time happens in the background.
  /// `now`: saves a read of the clock, where the caller has just made one.
  [[gnu::hot]] void release(std::optional<time_point> now = {}) noexcept {
    if (core_) std::exchange(core_, nullptr)->release(raw_, in_doubt_, now);
  }

private:
  friend class pool<C>;
  lease(detail::pool_core* core, const detail::raw_lease& raw) noexcept : core_{core}, raw_{raw} {}

  detail::pool_core* core_ = nullptr; // lives as long as one of its leases is out
  detail::raw_lease raw_{};
  bool in_doubt_ = false;
};

/// Connections of any type, opened, kept warm, lent and retired.
///
/// Waiters are served strictly in their order within a priority, by whatever comes first: a
/// connection that is returned or one that is opened. Does not know what runs on a connection, does
/// not retry, and does not reopen after `clear`: the layer above calls `ready`.
///
/// Threads: all members may be called at once. After fork, acquires in the child fail with
/// errc::forked and returns do nothing.
template <class C>
class pool {
public:
  /// A pool with a background thread of its own. With `start_mode::connect` waits for the first
  /// connection. Throws database_error: invalid_configuration, or why that connect failed.
  template <connector_of<C> Connector>
  pool(const pool_options& options, Connector connector, start_mode start = start_mode::connect,
       pool_hooks<C> hooks = {})
      : service_{std::make_shared<service>()} {
    std::shared_ptr<runtime> loop{service_, service_->background().get()};
    core_ = make(options, std::move(connector), {std::move(loop)}, std::move(hooks));
    if (start == start_mode::lazy) {
      ready();
      return;
    }
    thread_runtime rt;
    const auto until = deadline::after(rt.now(), options.connect_timeout);
    auto started = run_inline(core_->start(rt, until));
    if (started) return;
    leave();
    throw_error(std::move(started.error()));
  }

  /// A pool on a given loop; starts paused.
  template <connector_of<C> Connector>
  pool(const pool_options& options, Connector connector, pool_environment where,
       pool_hooks<C> hooks = {})
      : core_{make(options, std::move(connector), std::move(where), std::move(hooks))} {}

  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  /// Closes idle connections; those that are lent close at their return. With a thread of its own,
  /// waits for a connect or close of the connector that blocks right now.
  ~pool() { leave(); }

  /// Borrows a connection, opening one if below `max_size`. Blocks the calling thread until the
  /// sooner of `r.until` and the pool's `acquire_timeout`. Throws database_error: pool_timeout,
  /// pool_overloaded and admission_refused (with the pool's numbers), pool_cleared, pool_closed,
  /// forked, or why the connect failed that was made for this call.
  [[nodiscard]] lease<C> acquire(const acquire_request& r = {},
                                 std::source_location caller = std::source_location::current()) {
    return try_acquire(r, caller).value();
  }

  /// As `acquire`, with the error as a value.
  [[nodiscard]] result<lease<C>>
  try_acquire(const acquire_request& r = {},
              std::source_location caller = std::source_location::current()) {
    if (lease<C> idle = try_take(r, caller)) return idle;
    thread_runtime rt;
    auto raw = run_inline(core_->acquire(rt, r, caller));
    if (!raw) return std::move(raw.error());
    return lease<C>{core_.get(), *raw};
  }

  /// As `try_acquire`, waiting on `rt`. Cancelling the wait (errc::cancelled) does not cancel a
  /// connect in flight: the pool keeps it. What `r` names must live until the end.
  [[nodiscard]] task<result<lease<C>>>
  acquire(runtime& rt, acquire_request r = {},
          std::source_location caller = std::source_location::current()) {
    lease<C> idle = try_take(r, caller);
    if (idle) co_return idle;
    auto raw = co_await core_->acquire(rt, r, caller);
    if (!raw) co_return std::move(raw.error());
    co_return lease<C>{core_.get(), *raw};
  }

  /// An idle connection that needs no validation, if nobody waits before us; else an empty lease,
  /// and nothing happened. Never waits; allocates nothing.
  [[nodiscard]] lease<C>
  try_take(const acquire_request& r = {},
           std::source_location caller = std::source_location::current()) noexcept {
    detail::raw_lease raw;
    if (!core_->try_take(r, caller, raw)) return {};
    return lease<C>{core_.get(), raw};
  }

  /// Opens a paused pool. After a `clear` it starts slowly (`slow_start`).
  void ready() { core_->ready(); }
  /// `ready`, then one connection as proof. Errors: as of `acquire`.
  [[nodiscard]] task<result<void>> start(runtime& rt, deadline until) {
    return core_->start(rt, until);
  }

  /// Drops all connections and pauses: idle ones close now, borrowed ones at their return,
  /// connecting ones on arrival, and every waiter fails with `pool_cleared`, which carries `cause`.
  /// `interrupt` also breaks those in use and connecting, now.
  /// `seen`: the generation that showed the trouble; nothing happens if it is over.
  void clear(error cause, bool interrupt = false, std::optional<std::uint64_t> seen = {}) {
    core_->clear(std::move(cause), interrupt, seen);
  }

  /// Makes acquires wait instead of failing, until `resume`: for a planned failover.
  void suspend() { core_->suspend(); }
  void resume() { core_->resume(); }

  /// Refuses acquires and fails waiters from now on; idle connections close, lent ones at return.
  void close() { core_->close(); }
  /// `close`, and waits until all leases are back and all connections closed.
  /// Errors: deadline_exceeded (the pool's numbers name the holders), cancelled.
  [[nodiscard]] task<result<void>> close(runtime& rt, deadline until) {
    return core_->drain(rt, until);
  }
  /// As above, blocking.
  result<void> close(deadline until) {
    thread_runtime rt;
    return run_inline(core_->drain(rt, until));
  }

  /// Takes in a connection that was opened elsewhere (a probe). False, and `connection` untouched,
  /// if the pool is full or not ready.
  [[nodiscard]] bool donate(C& connection) {
    auto moved = std::make_unique<C>(std::move(connection));
    if (core_->donate(moved.get())) {
      (void)moved.release();
      return true;
    }
    connection = std::move(*moved);
    return false;
  }

  /// At most this many leases at once, as long as it is below `max_size`; 0 admits nobody.
  void set_lease_limit(std::uint32_t limit) { core_->set_lease_limit(limit); }
  /// Validates each idle connection before its next use: the machine slept.
  void suspect_idle() { core_->suspect_idle(); }
  /// Replaces each connection ahead of time, without disturbing borrowers: credentials changed.
  void retire_all() { core_->retire_all(); }
  /// The same for those that `which` names: called under the pool's lock, also for what is in use,
  /// so it may read only what never changes, and neither wait nor throw.
  template <class Which>
  void retire_if(const Which& which) {
    core_->retire_if([&](const void* c) { return which(*static_cast<const C*>(c)); });
  }

  [[nodiscard]] std::uint64_t generation() const { return core_->generation(); }
  [[nodiscard]] pool_snapshot snapshot() const { return core_->snapshot(); }

private:
  template <class Connector>
  static std::shared_ptr<detail::pool_core> make(const pool_options& options, Connector connector,
                                                 pool_environment where, pool_hooks<C> hooks) {
    auto port = std::make_shared<detail::connector_adapter<C, Connector>>(std::move(connector),
                                                                          std::move(hooks));
    return detail::make_pool_core(options, std::move(port), std::move(where));
  }

  void leave() noexcept {
    if (core_->forked()) {
      // The parent's: its threads do not exist here, its locks may be held for ever.
      new (std::nothrow) auto(std::pair{core_, service_});
      return;
    }
    core_->abandon();
    if (service_) service_->stop();
  }

  std::shared_ptr<service> service_; // null on a given loop
  std::shared_ptr<detail::pool_core> core_;
};

} // namespace holdfast

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
