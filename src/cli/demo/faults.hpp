// What was done to the database, and how long it took until an operation succeeded again.
#pragma once

#include "cli/demo/ledger.hpp"

#include <holdfast/time.hpp>

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace holdfast::cli {

struct fault {
  std::string kind;
  double at_s = 0;
  std::optional<double> recovery_ms; ///< empty: no success was seen after it
};

/// Threads: any.
class fault_log {
public:
  fault_log(const tally& counts, time_point began) noexcept : counts_{counts}, began_{began} {}

  /// Notes a fault that happens now.
  std::size_t begin(std::string kind);
  /// The way is free again since `from`: waits for the next success, at most `limit`.
  void await_recovery(std::size_t which, time_point from, duration limit);

  [[nodiscard]] std::vector<fault> list() const;
  [[nodiscard]] std::size_t survived(const std::string& kind) const;

private:
  const tally& counts_;
  const time_point began_;
  mutable std::mutex mutex_; // guards what follows
  std::vector<fault> faults_;
};

/// Sleeps, unless asked to stop before. False if asked to stop.
bool pause_for(const std::stop_token& stop, duration d);

} // namespace holdfast::cli
