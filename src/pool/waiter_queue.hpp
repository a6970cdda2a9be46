// The one wait queue of a pool: strictly first come, first served within a priority.
#pragma once

#include "pool/ticket.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace holdfast::detail {

class waiter_queue {
public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  /// Who waits in this priority or one that goes before it.
  [[nodiscard]] std::uint32_t size_up_to(priority p) const noexcept;

  /// Who is served next; null if nobody waits.
  [[nodiscard]] ticket* first() const noexcept;
  /// Who is served after `t`.
  [[nodiscard]] ticket* after(const ticket& t) const noexcept;
  /// When the longest wait began. Precondition: not empty.
  [[nodiscard]] time_point oldest() const noexcept;

  void push_last(ticket& t) noexcept;
  /// First of its priority.
  void push_first(ticket& t) noexcept;
  void remove(ticket& t) noexcept;

private:
  struct lane {
    ticket* first = nullptr;
    ticket* last = nullptr;
    std::uint32_t size = 0;
  };
  static std::size_t rank(const ticket& t) noexcept {
    return static_cast<std::size_t>(t.request->priority);
  }

  std::array<lane, 3> lanes_; // in the order of `priority`
  std::uint32_t size_ = 0;
};

} // namespace holdfast::detail
