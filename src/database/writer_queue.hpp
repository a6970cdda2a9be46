// For engines that let one transaction of a process write at a time: writers take turns, first
// come, first served, instead of polling the engine's lock against each other.
#pragma once

#include <holdfast/runtime.hpp>

#include <list>
#include <mutex>
#include <utility>

namespace holdfast::detail {

class writer_queue {
public:
  /// The turn; the next writer's begins when it is destroyed. Empty: no turn was needed.
  class turn {
  public:
    turn() noexcept = default;
    explicit turn(writer_queue* owner) noexcept : owner_{owner} {}
    turn(turn&& other) noexcept : owner_{std::exchange(other.owner_, nullptr)} {}
    turn& operator=(turn&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~turn() {
      if (owner_) owner_->leave();
    }

  private:
    writer_queue* owner_ = nullptr;
  };

  /// Waits for the turn. Errors: deadline_exceeded, cancelled. Threads: any.
  [[nodiscard]] task<result<turn>> enter(runtime& rt, deadline until);

private:
  struct place {
    explicit place(runtime& rt) noexcept : wake{rt} {}
    waiter wake;
    bool granted = false;
  };

  [[nodiscard]] bool take_or_queue(place& mine);
  [[nodiscard]] bool give_up(place& mine);
  void leave() noexcept;

  std::mutex mutex_;          // guards all below
  bool taken_ = false;        // somebody has the turn
  std::list<place*> waiting_; // in order of arrival; the places live in their coroutines' frames
};

} // namespace holdfast::detail
