#include "sim/story/soak.hpp"

#include "sim/story/scenarios.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

namespace holdfast::sim {

namespace {

thread_local std::uint64_t playing = 0;

extern "C" void name_the_seed(int signal) {
  std::array<char, 80> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "sim: the process died in seed %llu: ./run sim --seed %llu\n",
      static_cast<unsigned long long>(playing), static_cast<unsigned long long>(playing));
  if (length > 0) (void)!write(STDERR_FILENO, text.data(), static_cast<std::size_t>(length));
  (void)std::signal(signal, SIG_DFL);
  (void)std::raise(signal);
}

/// Where a sanitizer has not put its own.
void name_the_seed_of_a_crash() {
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE}) {
    const auto before = std::signal(signal, name_the_seed);
    if (before != SIG_DFL) (void)std::signal(signal, before);
  }
}

class players {
public:
  explicit players(const soak& what) : what_{what}, next_{what.first_seed} {}

  void play() {
    for (;;) {
      const std::uint64_t seed = next_.fetch_add(1);
      if (seed - what_.first_seed >= what_.seeds || stop_.load()) return;
      playing = seed;
      const plan p = story_of(what_.only, seed);
      note(p, p.of->play(p));
    }
  }
  [[nodiscard]] tally& sum() noexcept { return sum_; }

private:
  void note(const plan& p, ending end) {
    const std::lock_guard lock{mutex_};
    ++sum_.stories;
    sum_.calls += end.calls;
    sum_.acknowledged += end.acknowledged;
    sum_.unsure += end.unsure;
    sum_.times_open += end.times_open;
    sum_.faults += end.struck.size();
    sum_.steps += end.steps;
    sum_.simulated += end.simulated;
    if (end.broken.empty()) return;
    stop_.store(true);
    if (sum_.broken && sum_.broken->seed < p.seed) return;
    sum_.broken = p;
    sum_.end = std::move(end);
  }

  const soak& what_;
  std::atomic<std::uint64_t> next_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_; // guards sum_
  tally sum_;
};

} // namespace

plan story_of(const scenario* only, std::uint64_t seed) {
  const auto all = scenarios();
  return expand(only ? *only : all[seed % all.size()], seed);
}

tally run(const soak& what) {
  name_the_seed_of_a_crash();
  const auto began = std::chrono::steady_clock::now();
  players all{what};
  std::vector<std::jthread> threads;
  for (std::uint32_t i = 1; i < what.threads; ++i) threads.emplace_back([&all] { all.play(); });
  all.play();
  threads.clear();
  all.sum().took = std::chrono::steady_clock::now() - began;
  return all.sum();
}

std::string verdict(const tally& t, std::uint32_t threads) {
  using seconds = std::chrono::duration<double>;
  const double took = seconds(t.took).count();
  const double rate = took > 0 ? static_cast<double>(t.calls) / took : 0;
  return fmt::format(
      "{} stories, {} broken: {} faults, {} operations ({} acknowledged, {} writes in "
      "doubt at their deadline), {} opened breakers, {:.1f} simulated hours in {:.1f} s; {:.0f} "
      "operations "
      "a second on {} threads\n",
      t.stories, t.broken ? 1 : 0, t.faults, t.calls, t.acknowledged, t.unsure, t.times_open,
      seconds(t.simulated).count() / 3600, took, rate, threads);
}

} // namespace holdfast::sim
