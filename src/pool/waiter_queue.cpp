#include "pool/waiter_queue.hpp"

#include <algorithm>

namespace holdfast::detail {

ticket* waiter_queue::first() const noexcept {
  for (const lane& l : lanes_)
    if (l.first) return l.first;
  return nullptr;
}

ticket* waiter_queue::after(const ticket& t) const noexcept {
  if (t.behind) return t.behind;
  for (std::size_t next = rank(t) + 1; next < lanes_.size(); ++next)
    if (lanes_[next].first) return lanes_[next].first;
  return nullptr;
}

std::uint32_t waiter_queue::size_up_to(priority p) const noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(p); ++i) sum += lanes_[i].size;
  return sum;
}

time_point waiter_queue::oldest() const noexcept {
  auto found = time_point::max();
  // Either end: with newest_first the longest wait stands last.
  for (const lane& l : lanes_)
    if (l.first) found = std::min({found, l.first->since, l.last->since});
  return found;
}

void waiter_queue::push_last(ticket& t) noexcept {
  lane& l = lanes_[rank(t)];
  t.ahead = l.last;
  t.behind = nullptr;
  (l.last ? l.last->behind : l.first) = &t;
  l.last = &t;
  t.at = ticket::phase::queued;
  ++l.size;
  ++size_;
}

void waiter_queue::push_first(ticket& t) noexcept {
  lane& l = lanes_[rank(t)];
  t.behind = l.first;
  t.ahead = nullptr;
  (l.first ? l.first->ahead : l.last) = &t;
  l.first = &t;
  t.at = ticket::phase::queued;
  ++l.size;
  ++size_;
}

void waiter_queue::remove(ticket& t) noexcept {
  lane& l = lanes_[rank(t)];
  (t.ahead ? t.ahead->behind : l.first) = t.behind;
  (t.behind ? t.behind->ahead : l.last) = t.ahead;
  t.ahead = t.behind = nullptr;
  t.at = ticket::phase::outside;
  --l.size;
  --size_;
}

} // namespace holdfast::detail
