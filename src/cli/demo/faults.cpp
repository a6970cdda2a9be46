#include "cli/demo/faults.hpp"

#include <algorithm>
#include <condition_variable>
#include <thread>

namespace holdfast::cli {

std::size_t fault_log::begin(std::string kind) {
  const double at = std::chrono::duration<double>(clock::now() - began_).count();
  const std::lock_guard lock{mutex_};
  faults_.push_back({std::move(kind), at, std::nullopt});
  return faults_.size() - 1;
}

void fault_log::await_recovery(std::size_t which, time_point from, duration limit) {
  const auto start = from.time_since_epoch().count();
  while (clock::now() < from + limit) {
    const std::int64_t seen = counts_.last_success;
    if (seen > start) {
      const std::lock_guard lock{mutex_};
      faults_[which].recovery_ms = static_cast<double>(seen - start) / 1e6;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

std::vector<fault> fault_log::list() const {
  const std::lock_guard lock{mutex_};
  return faults_;
}

std::size_t fault_log::survived(const std::string& kind) const {
  const auto all = list();
  return static_cast<std::size_t>(std::ranges::count_if(
      all, [&](const fault& f) { return f.kind == kind && f.recovery_ms.has_value(); }));
}

bool pause_for(const std::stop_token& stop, duration d) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock{mutex};
  wake.wait_for(lock, stop, d, [] { return false; });
  return !stop.stop_requested();
}

} // namespace holdfast::cli
