// Brings events to functions of the user, elsewhere and in order.
#pragma once

#include <holdfast/event.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace holdfast::detail {

/// Copies events into a bounded queue and asks `schedule` to run a drain elsewhere; at most one
/// drain is under way, so functions see events one at a time and in their order. When the queue is
/// full the oldest event is dropped and counted. It has no thread of its own and waits for nothing.
///
/// A function may do as it likes, take long, throw (counted, otherwise ignored) and subscribe; only
/// calls to its own database are refused (`inside_user_hook`). Threads: any.
class user_event_dispatcher final : public observer,
                                    public std::enable_shared_from_this<user_event_dispatcher> {
public:
  using function = std::function<void(const owned_event&)>;
  using job = std::function<void()>;
  /// Must start the job on another thread or later, never inline, and be quick. If it throws, the
  /// next event asks again.
  using scheduler = std::function<void(job)>;

  /// `database` is the identity for `inside_user_hook`. `capacity` ≥ 1. Own it by a shared_ptr.
  user_event_dispatcher(const void* database, std::size_t capacity, scheduler schedule);

  /// From the next event on, never those of high volume. The number is for `unsubscribe`.
  std::uint64_t subscribe(function fn, event_set kinds = event_set::all());
  /// The function may still be running on another thread.
  void unsubscribe(std::uint64_t subscription);
  /// Drops what is queued, and from now on everything.
  void stop() noexcept;

  /// Without a subscriber for the kind this is one atomic read.
  void on_event(const event& e) noexcept override;
  [[nodiscard]] event_set interests() const noexcept override {
    return event_set::all() - high_volume_events;
  }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(); }
  [[nodiscard]] std::uint64_t thrown() const noexcept { return thrown_.load(); }

private:
  struct subscriber {
    std::uint64_t number = 0;
    event_set kinds;
    std::shared_ptr<const function> fn;
  };

  bool enqueue(owned_event e); // true: a drain must be scheduled
  void schedule_drain() noexcept;
  void drain() noexcept;
  void deliver(const owned_event& e) noexcept;
  void call(const function& fn, const owned_event& e) noexcept;
  void update_wanted();
  [[nodiscard]] std::vector<subscriber> subscribers_of(event_kind kind);

  const void* const database_;
  const std::size_t capacity_;
  const scheduler schedule_;
  std::atomic<std::uint64_t> wanted_{0}; // bits of the kinds that somebody subscribed to
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> thrown_{0};

  std::mutex mutex_; // guards what follows; never held while a function or `schedule_` runs
  std::deque<owned_event> queue_;
  std::vector<subscriber> subscribers_;
  std::uint64_t last_number_ = 0;
  enum class drain_state : std::uint8_t { idle, under_way, stopped };
  drain_state state_ = drain_state::idle;

  std::deque<owned_event> batch_; // the drain's that is under way
};

} // namespace holdfast::detail
