// A bound on threads that are started and then left alone.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace holdfast::drivers {

/// Enough for a pool whose callers all give up at once, as when their server has fallen silent.
inline constexpr int most_errands = 16;

/// So many errands may be under way at a time. Threads: any. May be destroyed before its slots.
class background_slots {
public:
  explicit background_slots(int most) : most_{most}, busy_{std::make_shared<std::atomic<int>>(0)} {}

  /// One errand's place, given back when its thread ends or was never started; false: none is free.
  class slot {
  public:
    slot(slot&&) noexcept = default;
    slot& operator=(slot&&) = delete;
    ~slot() {
      if (busy_) busy_->fetch_sub(1);
    }
    explicit operator bool() const noexcept { return busy_ != nullptr; }

  private:
    friend class background_slots;
    explicit slot(std::shared_ptr<std::atomic<int>> busy) noexcept : busy_{std::move(busy)} {}
    std::shared_ptr<std::atomic<int>> busy_;
  };

  [[nodiscard]] slot take() noexcept {
    if (busy_->fetch_add(1) < most_) return slot{busy_};
    busy_->fetch_sub(1);
    return slot{nullptr};
  }

private:
  int most_;
  std::shared_ptr<std::atomic<int>> busy_; // shared with the slots
};

} // namespace holdfast::drivers
