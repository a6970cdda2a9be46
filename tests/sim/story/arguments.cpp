#include "sim/story/arguments.hpp"

#include "sim/story/scenarios.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <limits>

namespace holdfast::sim {

const std::string_view usage =
    R"(usage: sim [--seeds N] [--seed FIRST] [--scenario NAME] [--threads N]
                                   N stories in virtual time (1000); each promise checked after each step
       sim --seed S                one of them
       sim --seed S [--scenario NAME] [--faults 3,8|none] [--callers 0,5] [--calls N] [--order N]
                                   a part of it, as a broken story is printed
       sim --list                  the scenarios that there are
Exit code: 0 all promises kept, 1 one was broken, 2 asked for what there is not.
)";

namespace {

using words = std::span<const std::string_view>;

constexpr std::uint64_t most_seeds = 1'000'000'000;
constexpr std::uint64_t most_threads = 256;

std::uint64_t number(std::string_view name, std::string_view text, std::uint64_t low,
                     std::uint64_t high) {
  std::uint64_t n = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (bad != std::errc{} || end != text.data() + text.size() || n < low || n > high)
    throw wrong_usage(
        fmt::format("{}: given '{}'; takes a number from {} to {}", name, text, low, high));
  return n;
}

std::vector<std::uint32_t> numbers(std::string_view name, std::string_view text) {
  std::vector<std::uint32_t> all;
  if (text == "none") return all;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    all.push_back(static_cast<std::uint32_t>(number(name, text.substr(from, comma - from), 0,
                                                    std::numeric_limits<std::uint32_t>::max())));
    from = comma + 1;
  }
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

const scenario* scenario_named(std::string_view name) {
  if (const scenario* found = find_scenario(name)) return found;
  std::string there;
  for (const scenario& s : scenarios())
    there += fmt::format("{}{}", there.empty() ? "" : ", ", s.name);
  throw wrong_usage(fmt::format("--scenario: given '{}'; there are {}", name, there));
}

void take(wishes& w, std::string_view name, std::string_view value) {
  constexpr auto any = std::numeric_limits<std::uint64_t>::max();
  const auto small = [&](std::uint64_t low, std::uint64_t high) {
    return static_cast<std::uint32_t>(number(name, value, low, high));
  };
  if (name == "--seeds")
    w.seeds = number(name, value, 1, most_seeds);
  else if (name == "--seed")
    w.seed = number(name, value, 0, any);
  else if (name == "--scenario")
    w.only = scenario_named(value);
  else if (name == "--threads")
    w.threads = small(1, most_threads);
  else if (name == "--faults")
    w.faults = numbers(name, value);
  else if (name == "--callers")
    w.callers = numbers(name, value);
  else if (name == "--calls")
    w.calls = small(1, 1000);
  else if (name == "--order")
    w.order = number(name, value, 0, any);
  else
    throw wrong_usage(fmt::format("there is no option '{}'\n{}", name, usage));
}

void check_all_are(std::string_view name, const std::vector<std::uint32_t>& given,
                   const std::vector<std::uint32_t>& there) {
  for (const std::uint32_t n : given)
    if (std::ranges::find(there, n) == there.end())
      throw wrong_usage(fmt::format("{}: given {}; this story has {}", name, n,
                                    there.empty() ? "none" : fmt::format("0 to {}", there.back())));
}

} // namespace

wishes read_arguments(words given) {
  wishes w;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string_view word = given[i];
    if (word == "--help" || word == "-h")
      w.help = true;
    else if (word == "--list")
      w.list = true;
    else
      take(w, word, i + 1 < given.size() ? given[i + 1] : ""), ++i;
  }
  if (w.part() && (!w.seed || w.seeds))
    throw wrong_usage("--faults, --callers, --calls and --order are of one story: give its --seed, "
                      "and no --seeds");
  return w;
}

plan part_of(plan whole, const wishes& w) {
  if (w.faults) {
    check_all_are("--faults", *w.faults, whole.kept);
    whole.kept = *w.faults;
  }
  if (w.callers) {
    check_all_are("--callers", *w.callers, whole.callers);
    if (w.callers->empty()) throw wrong_usage("--callers: given none; takes at least one");
    whole.callers = *w.callers;
  }
  if (w.calls) whole.calls = *w.calls;
  whole.order = w.order;
  return whole;
}

} // namespace holdfast::sim
