// How the benchmarks time and count. One program, one thread where nothing else is said.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace holdfast::bench {

/// Heap allocations of this process so far.
[[nodiscard]] std::uint64_t allocations() noexcept;

struct cost {
  double ns = 0;          ///< the median batch's, a call
  double allocations = 0; ///< a call, over all batches
};

/// Batches of calls after one to warm up.
template <class F>
cost cost_of(F&& call, int batches = 200, int calls = 2000) {
  using clock = std::chrono::steady_clock;
  for (int i = 0; i < calls; ++i) call();
  std::vector<double> times;
  const std::uint64_t before = allocations();
  times.reserve(static_cast<std::size_t>(batches));
  for (int b = 0; b < batches; ++b) {
    const auto began = clock::now();
    for (int i = 0; i < calls; ++i) call();
    times.push_back(std::chrono::duration<double, std::nano>(clock::now() - began).count() / calls);
  }
  std::ranges::sort(times);
  const auto made = static_cast<double>(allocations() - before - 1); // the list's own
  return {times[times.size() / 2], made / (static_cast<double>(batches) * calls)};
}

void print_clocks();
void print_pools();
void print_crowd();
void print_pipeline();
void print_query();
void print_query_mysql();

/// Of one steady-clock read.
[[nodiscard]] double clock_read_ns();

} // namespace holdfast::bench
