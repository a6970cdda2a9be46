// The callers' counts while they run, for the live view.
#pragma once

#include "cli/demo/ledger.hpp"

#include <holdfast/error.hpp>

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace holdfast::cli::demo {

struct pulse_reading {
  std::uint64_t operations = 0;
  std::array<std::uint64_t, answer_count> answers{};
  std::vector<duration> recent;                  ///< latencies since the last reading, in no order
  std::map<std::string, std::uint64_t> failures; ///< by the error's name

  [[nodiscard]] std::uint64_t of(answer a) const noexcept {
    return answers[static_cast<std::size_t>(a)];
  }
};

/// Threads: any.
class pulse {
public:
  void note(answer was, duration took) {
    const std::lock_guard lock{mutex_};
    ++now_.operations;
    ++now_.answers[static_cast<std::size_t>(was)];
    now_.recent.push_back(took);
  }
  void note_failure(errc code) {
    const std::lock_guard lock{mutex_};
    ++now_.failures[std::string{to_string(code)}];
  }
  /// The counts so far; begins a new list of latencies.
  [[nodiscard]] pulse_reading read() {
    const std::lock_guard lock{mutex_};
    pulse_reading copy = now_;
    now_.recent.clear();
    return copy;
  }

private:
  std::mutex mutex_; // guards now_
  pulse_reading now_;
};

/// The value below which `share` of them lie; zero for none. Sorts.
[[nodiscard]] duration percentile(std::vector<duration>& values, double share);

} // namespace holdfast::cli::demo
