#include "sim/story/minimise.hpp"

#include "sim/story/shrink.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holdfast::sim {

namespace {

constexpr std::size_t most_plays = 3000;
constexpr std::uint64_t orders = 4;

/// Which promise: the texts but for their numbers.
std::string kind_of(std::string broken) {
  std::erase_if(broken, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return broken;
}

class search {
public:
  search(const plan& p, const ending& first) : best_{p, first, 0}, kind_{kind_of(first.broken)} {}

  small_story run() {
    if (fails([this](plan& p) { p.kept = best_.end.struck; })) sort();
    drop_faults();
    drop_callers();
    const std::uint32_t calls = best_.story.calls;
    (void)least(1, calls, [this](std::uint32_t n) { return fails([n](plan& p) { p.calls = n; }); });
    drop_faults();
    return best_;
  }

private:
  void sort() { std::ranges::sort(best_.story.kept); }
  void drop_faults() {
    (void)fewest(
        best_.story.kept,
        [this](const auto& left) { return fails([&left](plan& p) { p.kept = left; }); },
        most_plays);
  }
  void drop_callers() {
    (void)fewest(
        best_.story.callers,
        [this](const auto& left) {
          return !left.empty() && fails([&left](plan& p) { p.callers = left; });
        },
        most_plays);
  }

  template <class Change>
  bool fails(const Change& change) {
    for (std::uint64_t order = 0; order < orders; ++order) {
      if (best_.plays >= most_plays) return false;
      plan candidate = best_.story;
      candidate.order = (best_.story.order + order) % orders;
      change(candidate);
      ++best_.plays;
      ending end = candidate.of->play(candidate);
      if (kind_of(end.broken) != kind_) continue;
      best_.story = std::move(candidate);
      best_.end = std::move(end);
      return true;
    }
    return false;
  }

  small_story best_;
  const std::string kind_;
};

} // namespace

small_story minimise(const plan& p, const ending& first) { return search{p, first}.run(); }

std::string report(const plan& whole, const small_story& small) {
  const plan& p = small.story;
  std::string text = fmt::format("BROKEN: {}\n", small.end.broken);
  text += fmt::format("  story '{}', seed {}, of {} faults and {} callers with {} calls each\n",
                      p.of->name, p.seed, whole.kept.size(), whole.callers.size(), whole.calls);
  if (small.plays > 0)
    text += fmt::format("  shrunk in {} plays to {} faults and {} callers with {} calls each:\n",
                        small.plays, p.kept.size(), p.callers.size(), p.calls);
  for (const std::uint32_t number : p.kept)
    text += fmt::format("    {:>3} {}\n", number, to_string(p.faults[number]));
  text += fmt::format(
      "  again: ./run sim --seed {} --scenario {} --faults {} --callers {} --calls {}", p.seed,
      p.of->name, p.kept.empty() ? "none" : fmt::format("{}", fmt::join(p.kept, ",")),
      fmt::join(p.callers, ","), p.calls);
  if (p.order != 0) text += fmt::format(" --order {}", p.order);
  return text + "\n";
}

} // namespace holdfast::sim
