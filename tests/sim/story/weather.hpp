// What strikes a story at a time: each fault of it has a beginning and, some, an end.
#pragma once

#include "sim/story/plan.hpp"

#include <holdfast/simulation.hpp>

#include <functional>

namespace holdfast::sim {

struct spell {
  std::function<void(const fault&)> begins;
  std::function<void()> ends{};
};

/// Overlapping spells of one kind are one: it ends with the last. `note` is told which have begun.
inline void bring(simulator& world, const plan& p, fault_kind kind, const spell& what,
                  const std::function<void(std::uint32_t)>& note) {
  const auto going_on = std::make_shared<int>(0);
  for (const std::uint32_t number : p.kept) {
    const fault& f = p.faults[number];
    if (f.kind != kind) continue;
    const time_point at = world.now() + f.at;
    world.at(at, [=] {
      note(number);
      ++*going_on;
      what.begins(f);
    });
    if (!what.ends) continue;
    world.at(at + f.lasts, [=] {
      if (--*going_on == 0) what.ends();
    });
  }
}

} // namespace holdfast::sim
