// The faults that were made, and how long until writes succeeded again.
#pragma once

#include <holdfast/time.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace holdfast::cli::demo {

/// Sleeps; false if told to stop before the time was over.
bool pause_for(const std::stop_token& stop, duration time);

struct fault {
  std::string kind;
  time_point at{};
  std::optional<duration> recovery; ///< empty while no write has succeeded since
  time_point over{};                ///< when that write ended
};

/// Threads: any.
class fault_log {
public:
  using id = std::size_t;

  /// Which writes prove that a fault is over.
  enum class proof : std::uint8_t {
    ended_after, ///< one that ended after the moment: nothing could end while the fault lasted
    asked_after, ///< one that was also asked for after the moment
  };

  id begin(std::string kind, time_point at);
  /// From when on an acknowledged write proves that the fault is over.
  void await_write(id which, proof by, time_point counts_from);
  /// From when on the recovery is measured; may be learned after the write.
  void measure_from(id which, time_point from);
  /// Waits until it is over; false after `limit`, or when told to stop.
  bool wait_recovered(id which, const std::stop_token& stop, duration limit) const;

  /// Every acknowledged write.
  void note_write(time_point asked, time_point ended);

  [[nodiscard]] std::vector<fault> all() const;

private:
  struct open_fault {
    fault what;
    bool awaited = false;
    proof by = proof::ended_after;
    time_point counts_from{};
    std::optional<time_point> measured_from;
    std::optional<time_point> first_write;

    void settle();
  };

  std::atomic<std::size_t> awaited_{0}; // faults that wait for a write, so that most cost no lock
  mutable std::mutex mutex_;            // guards faults_
  std::vector<open_fault> faults_;
};

} // namespace holdfast::cli::demo
