#include "cli/demo/progress.hpp"

#include <holdfast/circuit_breaker.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

namespace holdfast::cli {

progress::progress(std::FILE* to, const database& db, const tally& counts, const fault_log& faults,
                   time_point began)
    : to_{to}, terminal_{::isatty(::fileno(to)) == 1}, db_{db}, counts_{counts}, faults_{faults},
      began_{began}, shown_{began} {}

void progress::show() {
  const time_point now = clock::now();
  if (now - shown_ < (terminal_ ? std::chrono::milliseconds{200} : std::chrono::milliseconds{1000}))
    return;
  const std::uint64_t done = counts_.operations();
  const double rate =
      static_cast<double>(done - operations_) / std::chrono::duration<double>(now - shown_).count();
  operations_ = done;
  shown_ = now;
  const database_status s = db_.status();
  const auto& host = s.hosts[0];
  const auto faults = faults_.list();
  const std::string last = faults.empty() ? "none yet" : faults.back().kind;
  fmt::print(to_,
             "{}{:5.1f} s  {:6.0f} op/s  {:7} done  {:4} retries  pool {:2} used {:2} idle "
             "{:3} waiting  breaker {:9}  host {:4}  faults {} (last: {}){}",
             terminal_ ? "\r" : "", std::chrono::duration<double>(now - began_).count(), rate, done,
             s.retries, host.pool.in_use, host.pool.idle, host.pool.waiting,
             to_string(host.breaker), host.up ? "up" : "DOWN", faults.size(), last,
             terminal_ ? "\033[K" : "\n");
  std::fflush(to_);
  drawn_ = true;
}

void progress::finish() {
  if (terminal_ && drawn_) fmt::print(to_, "\n");
}

} // namespace holdfast::cli
