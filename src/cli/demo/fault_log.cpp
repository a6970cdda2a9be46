#include "cli/demo/fault_log.hpp"

#include <algorithm>
#include <condition_variable>

namespace holdfast::cli::demo {

bool pause_for(const std::stop_token& stop, duration time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

fault_log::id fault_log::begin(std::string kind, time_point at) {
  const std::lock_guard lock{mutex_};
  open_fault f;
  f.what.kind = std::move(kind);
  f.what.at = at;
  faults_.push_back(std::move(f));
  return faults_.size() - 1;
}

void fault_log::open_fault::settle() {
  if (!first_write || !measured_from) return;
  what.recovery = std::max(duration::zero(), *first_write - *measured_from);
  what.over = *first_write;
}

void fault_log::await_write(id which, proof by, time_point counts_from) {
  const std::lock_guard lock{mutex_};
  open_fault& f = faults_[which];
  f.awaited = true;
  f.by = by;
  f.counts_from = counts_from;
  awaited_.fetch_add(1);
}

void fault_log::measure_from(id which, time_point from) {
  const std::lock_guard lock{mutex_};
  faults_[which].measured_from = from;
  faults_[which].settle();
}

bool fault_log::wait_recovered(id which, const std::stop_token& stop, duration limit) const {
  const deadline until = deadline::after(clock::now(), limit);
  while (!until.expired(clock::now())) {
    {
      const std::lock_guard lock{mutex_};
      if (faults_[which].what.recovery) return true;
    }
    if (!pause_for(stop, std::chrono::milliseconds{5})) return false;
  }
  return false;
}

void fault_log::note_write(time_point asked, time_point ended) {
  if (awaited_.load(std::memory_order_relaxed) == 0) return;
  const std::lock_guard lock{mutex_};
  for (open_fault& f : faults_) {
    const time_point proves = f.by == proof::asked_after ? asked : ended;
    if (!f.awaited || proves < f.counts_from) continue;
    f.first_write = ended;
    f.settle();
    f.awaited = false;
    awaited_.fetch_sub(1);
  }
}

std::vector<fault> fault_log::all() const {
  const std::lock_guard lock{mutex_};
  std::vector<fault> copies;
  copies.reserve(faults_.size());
  for (const auto& f : faults_) copies.push_back(f.what);
  return copies;
}

} // namespace holdfast::cli::demo
