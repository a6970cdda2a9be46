// 64 threads on 8 leases, each held for about 20 µs of work.
#include "bench/measure.hpp"
#include "bench/number_connector.hpp"

#include <holdfast/pool.hpp>

#include <atomic>
#include <fmt/format.h>
#include <functional>
#include <soci/soci.h>
#include <thread>

namespace holdfast::bench {

namespace {

using clock = std::chrono::steady_clock;

struct crowd_result {
  double per_second = 0;
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;   ///< microseconds
  double unfair = 0; ///< the busiest thread's turns over the least busy one's
};

void work_for(std::chrono::microseconds d) {
  const auto until = clock::now() + d;
  while (clock::now() < until) {
  }
}

/// `turn` borrows, calls its argument, and gives back.
crowd_result run_crowd(const std::function<void(const std::function<void()>&)>& turn) {
  constexpr int threads = 64;
  constexpr auto length = std::chrono::seconds{2};
  std::vector<std::vector<float>> waits(threads);
  std::atomic<bool> stop = false;
  {
    std::vector<std::jthread> all;
    for (auto& mine : waits)
      all.emplace_back([&turn, &stop, &mine] {
        while (!stop) {
          const auto asked = clock::now();
          turn([&] {
            mine.push_back(std::chrono::duration<float, std::micro>(clock::now() - asked).count());
            work_for(std::chrono::microseconds{20});
          });
        }
      });
    std::this_thread::sleep_for(length);
    stop = true;
  }
  std::vector<float> sorted;
  std::size_t least = waits[0].size();
  std::size_t most = least;
  for (const auto& w : waits) {
    sorted.insert(sorted.end(), w.begin(), w.end());
    least = std::min(least, w.size());
    most = std::max(most, w.size());
  }
  std::ranges::sort(sorted);
  const auto at = [&](double q) {
    return static_cast<double>(
        sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))]);
  };
  return {static_cast<double>(sorted.size()) / 2.0, at(0.5), at(0.99), at(0.999),
          static_cast<double>(most) / static_cast<double>(std::max<std::size_t>(least, 1))};
}

void print(const char* name, const crowd_result& r) {
  fmt::print("  {:<22} {:8.0f} turns/s  wait p50 {:.0f} us  p99 {:.0f} us  p99.9 {:.0f} us  "
             "most/least turns a thread {:.2f}\n",
             name, r.per_second, r.p50, r.p99, r.p999, r.unfair);
}

} // namespace

void print_crowd() {
  fmt::print("64 threads on 8 leases:\n");
  pool_options options;
  options.min_size = 8;
  options.max_size = 8;
  pool<int> ours{options, number_connector{}};
  const auto mine = run_crowd([&](const std::function<void()>& body) {
    const auto lease = ours.acquire();
    body();
  });
  print("holdfast", mine);
  soci::connection_pool peer{8};
  const auto theirs = run_crowd([&](const std::function<void()>& body) {
    const std::size_t at = peer.lease();
    body();
    peer.give_back(at);
  });
  print("SOCI connection_pool", theirs);
  fmt::print("  ratios: turns {:.2f}, p99 {:.2f}, p99.9 {:.2f}\n",
             mine.per_second / theirs.per_second, mine.p99 / theirs.p99, mine.p999 / theirs.p999);
}

} // namespace holdfast::bench
