#include "cli/demo/show.hpp"

#include "cli/demo/interruption.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

namespace holdfast::cli::demo {

namespace {

constexpr auto look_interval = std::chrono::milliseconds{20};

/// The tormentor's thread.
class tormentor {
public:
  tormentor(stage& where, time_point until, fault_log& log)
      : thread_{[this, &where, until, &log](const std::stop_token& stop) {
          try {
            where.torment(stop, until, log);
          } catch (const std::exception& e) {
            mishap_ = e.what();
          }
          done_.store(true);
        }} {}

  [[nodiscard]] bool done() const noexcept { return done_.load(); }
  /// Ends it, all mended; what went wrong with the faults, if anything.
  std::string end() {
    thread_.request_stop();
    thread_.join();
    return mishap_;
  }

private:
  std::atomic<bool> done_{false};
  std::string mishap_;  // written by the thread, read after it
  std::jthread thread_; // last: starts when the rest stands
};

moment look(workplace& at, const performance& p, const settings& s) {
  moment m;
  m.at = clock::now();
  m.since_start = m.at - p.began;
  m.seconds_planned = s.seconds;
  m.counts = at.live.read();
  m.status = at.db.status();
  m.faults = at.faults.all();
  return m;
}

void watch(workplace& at, const performance& p, const settings& s, const tormentor& faults,
           progress& view) {
  time_point next = clock::now();
  while (!faults.done() && !interruption::came()) {
    if (clock::now() >= next) {
      view.show(look(at, p, s));
      next += view.interval();
    }
    std::this_thread::sleep_for(look_interval);
  }
}

} // namespace

performance perform(stage& where, workplace& at, const settings& s, std::uint64_t seed,
                    progress& view) {
  performance p;
  p.began = clock::now();
  for (std::uint32_t n = 1; n <= s.callers; ++n)
    p.callers.push_back(std::make_unique<caller>(at, n, seed));
  std::vector<std::jthread> threads;
  threads.reserve(p.callers.size());
  for (const auto& one : p.callers)
    threads.emplace_back([&caller = *one](const std::stop_token& stop) { caller.run(stop); });
  const auto length =
      std::chrono::duration_cast<duration>(std::chrono::duration<double>{s.seconds});
  tormentor faults{where, p.began + length, at.faults};
  watch(at, p, s, faults, view);
  p.interrupted = interruption::came();
  p.mishap = faults.end();
  for (auto& thread : threads) thread.request_stop();
  threads.clear(); // waits for the last operations
  moment last = look(at, p, s);
  p.took = last.since_start;
  p.counts = last.counts;
  p.status = last.status;
  p.faults = last.faults;
  view.show(std::move(last));
  return p;
}

} // namespace holdfast::cli::demo
