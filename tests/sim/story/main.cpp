// The whole stack in virtual time, story after story: `./run sim`.
// Exit code: 0 all promises kept, 1 one was broken, 2 it was asked for what there is not.
#include "sim/story/arguments.hpp"
#include "sim/story/minimise.hpp"
#include "sim/story/scenarios.hpp"
#include "sim/story/soak.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <thread>

namespace holdfast::sim {

namespace {

constexpr std::uint64_t usual_seeds = 1000;

int print_list() {
  for (const scenario& s : scenarios()) fmt::print("{:<18}{}\n", s.name, s.summary);
  return 0;
}

/// As it is, nothing left out.
int play_part(const wishes& w) {
  const plan p = part_of(story_of(w.only, *w.seed), w);
  const ending end = p.of->play(p);
  if (!end.broken.empty()) return fmt::print("{}", report(p, {p, end, 0})), 1;
  fmt::print("kept: story '{}', seed {}: {} operations, {} acknowledged; {} of {} faults struck\n",
             p.of->name, p.seed, end.calls, end.acknowledged, end.struck.size(), p.kept.size());
  return 0;
}

int play_all(const wishes& w) {
  const std::uint32_t threads =
      std::max(1U, w.threads.value_or(std::thread::hardware_concurrency()));
  const std::uint64_t seeds = w.seeds.value_or(w.seed ? 1 : usual_seeds);
  const tally t = run({w.only, w.seed.value_or(1), seeds,
                       static_cast<std::uint32_t>(std::min<std::uint64_t>(threads, seeds))});
  fmt::print("{}", verdict(t, threads));
  if (!t.broken) return 0;
  std::fflush(stdout);
  fmt::print("{}", report(*t.broken, minimise(*t.broken, t.end)));
  return 1;
}

int tell(std::span<const std::string_view> words) {
  const wishes w = read_arguments(words);
  if (w.help) return fmt::print("{}", usage), 0;
  if (w.list) return print_list();
  return w.part() ? play_part(w) : play_all(w);
}

} // namespace

} // namespace holdfast::sim

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  try {
    return holdfast::sim::tell(words);
  } catch (const holdfast::sim::wrong_usage& e) {
    fmt::print(stderr, "sim: {}\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    fmt::print(stderr, "sim: {}\n", e.what());
    return 1;
  }
}
