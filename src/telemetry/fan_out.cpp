#include <holdfast/event.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace holdfast {
namespace {

// Receivers are sorted out by kind beforehand: an event costs one table look-up and the calls that
// are really wanted.
class fan final : public observer {
public:
  explicit fan(std::vector<observer_ptr> observers) : observers_{std::move(observers)} {
    for (std::size_t kind = 0; kind < event_kind_count; ++kind) {
      for (const auto& o : observers_)
        if (o->interests().contains(static_cast<event_kind>(kind))) receivers_.push_back(o.get());
      ends_[kind] = receivers_.size();
    }
    for (const auto& o : observers_) interests_ = interests_ | o->interests();
  }

  void on_event(const event& e) noexcept override {
    const auto kind = static_cast<std::size_t>(e.kind);
    if (kind >= event_kind_count) return;
    const auto begin = kind == 0 ? 0 : ends_[kind - 1];
    for (auto* receiver : std::span{receivers_}.subspan(begin, ends_[kind] - begin))
      receiver->on_event(e);
  }

  [[nodiscard]] event_set interests() const noexcept override { return interests_; }

private:
  std::vector<observer_ptr> observers_;
  std::vector<observer*> receivers_;                 // of kind 0, then of kind 1, …
  std::array<std::size_t, event_kind_count> ends_{}; // where each kind's receivers end
  event_set interests_;
};

} // namespace

observer_ptr fan_out(std::vector<observer_ptr> observers) {
  std::erase(observers, nullptr);
  if (observers.size() == 1) return std::move(observers.front());
  return std::make_shared<fan>(std::move(observers));
}

} // namespace holdfast
