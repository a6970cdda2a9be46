// One query of ours and one of a peer's, by turns, on one processor.
#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

namespace holdfast::bench {

/// Where the scheduler puts client and server decides the cost of a round trip many times over, so
/// it is not left to chance. On one processor nothing overlaps and nothing has to be woken up from
/// idleness: of all places the one where our share shows most, and the only one whose figures
/// repeat. The calling thread, and what it starts from now on.
void stay_on_one_processor();

struct rate {
  double ours_us = 0;
  double theirs_us = 0;
  double ratio = 0; ///< theirs by ours: 1 where we cost nothing
  double least = 0;
  double most = 0;
};

void print(std::string_view engine, std::string_view peer, const rate& r);

template <class F>
double seconds_of(const F& once) {
  constexpr int queries = 50;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < queries; ++i) once();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() / queries;
}

/// By turns: what disturbs one disturbs the other.
template <class Ours, class Theirs>
rate by_turns(const Ours& ours, const Theirs& theirs) {
  constexpr int rounds = 5;
  constexpr int turns = 100;
  for (int i = 0; i < turns; ++i) seconds_of(ours), seconds_of(theirs);
  std::vector<double> ratios;
  rate r;
  for (int i = 0; i < rounds; ++i) {
    double a = 0;
    double b = 0;
    for (int k = 0; k < turns; ++k) {
      a += seconds_of(ours);
      b += seconds_of(theirs);
    }
    r.ours_us = 1e6 * a / turns;
    r.theirs_us = 1e6 * b / turns;
    ratios.push_back(b / a);
  }
  std::ranges::sort(ratios);
  r.ratio = ratios[rounds / 2];
  r.least = ratios.front();
  r.most = ratios.back();
  return r;
}

template <class Ours, class Theirs>
void print_by_turns(std::string_view engine, std::string_view peer, const Ours& ours,
                    const Theirs& theirs) {
  print(engine, peer, by_turns(ours, theirs));
}

} // namespace holdfast::bench
