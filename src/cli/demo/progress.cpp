#include "cli/demo/progress.hpp"

#include "cli/console.hpp"

#include <holdfast/circuit_breaker.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <sys/ioctl.h>

namespace holdfast::cli::demo {

namespace {

using namespace std::chrono_literals;

/// Fewer if the screen is narrow, so that no line wraps.
std::size_t screen_columns(std::FILE* stream) {
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string bar(double share) {
  constexpr int width = 24;
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * width);
  return std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(width - full), '.');
}

std::string last_fault(const std::vector<fault>& faults) {
  if (faults.empty()) return "none yet";
  const fault& last = faults.back();
  if (!last.recovery) return summary_of(faults) + "; just now: " + last.kind;
  return fmt::format("{}; last recovered in {:.0f} ms", summary_of(faults), in_ms(*last.recovery));
}

std::string host_words(const host_status& h) {
  return h.up ? "up" : "down for " + fmt::format("{:.1f} s", in_ms(h.in_this_state) / 1000);
}

} // namespace

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string grouped(std::int64_t number) {
  const auto size = static_cast<std::uint64_t>(number);
  return number < 0 ? "-" + grouped(0 - size) : grouped(size);
}

double in_ms(duration d) noexcept { return std::chrono::duration<double, std::milli>{d}.count(); }

progress::progress(std::FILE* stream)
    : stream_{stream}, screen_{stream != nullptr && is_screen(stream)} {}

duration progress::interval() const noexcept { return screen_ ? duration{200ms} : duration{1s}; }

progress::window progress::slide(const moment& now) {
  last_second_.push_back(now);
  // Looks are up to a second apart, and no clock wakes us exactly.
  while (last_second_.size() > 2 && now.at - last_second_[1].at >= 950ms) last_second_.pop_front();
  const moment& first = last_second_.front();
  std::vector<duration> recent;
  for (auto it = last_second_.begin() + 1; it != last_second_.end(); ++it)
    recent.insert(recent.end(), it->counts.recent.begin(), it->counts.recent.end());
  window w;
  const double seconds = in_ms(now.at - first.at) / 1000;
  if (seconds > 0)
    w.per_second = static_cast<double>(now.counts.operations - first.counts.operations) / seconds;
  w.median = percentile(recent, 0.5);
  w.p99 = percentile(recent, 0.99);
  return w;
}

void progress::show(moment now) {
  if (stream_ == nullptr) return;
  const auto news = news_in(now);
  const window w = slide(now);
  const host_status& h = now.status.hosts.front();
  const double seconds = in_ms(now.since_start) / 1000;
  const auto rate = grouped(static_cast<std::int64_t>(w.per_second));
  const auto operations = grouped(now.counts.operations);
  if (!screen_) {
    for (const auto& line : news) fmt::print(stream_, "{}\n", line);
    fmt::print(stream_,
               "{:5.1f} s  {:>6} ops/s  p50 {:.1f} ms  p99 {:.1f} ms  retries {}  failed {}  "
               "pool {} idle {} in use {} waiting  breaker {}  host {}  faults: {}\n",
               seconds, rate, in_ms(w.median), in_ms(w.p99), now.status.retries,
               now.counts.of(answer::failed), h.pool.idle, h.pool.in_use, h.pool.waiting,
               to_string(h.breaker), host_words(h), summary_of(now.faults));
    std::fflush(stream_);
    return;
  }
  redraw(news, {
                   fmt::format("  [{}] {:.1f} of {:g} s", bar(seconds / now.seconds_planned),
                               seconds, now.seconds_planned),
                   fmt::format("  operations  {}, now {} a second; p50 {:.1f} ms, p99 {:.1f} ms",
                               operations, rate, in_ms(w.median), in_ms(w.p99)),
                   fmt::format("  retries     {}; outcomes resolved {}; failed {}",
                               grouped(now.status.retries), now.status.outcomes_resolved,
                               now.counts.of(answer::failed)),
                   fmt::format("  pool        {} idle, {} in use, {} connecting, {} waiting",
                               h.pool.idle, h.pool.in_use, h.pool.connecting, h.pool.waiting),
                   fmt::format("  breaker     {}; host {}", to_string(h.breaker), host_words(h)),
                   "  faults      " + last_fault(now.faults),
               });
}

/// What is to be told of faults since the last look: that one began, that it is over, or both at
/// once. The line of one that is over has the time of its end, so the lines are in order.
std::vector<std::string> progress::news_in(const moment& now) {
  std::vector<std::string> lines;
  const auto tell = [&](duration when, const std::string& what) {
    lines.push_back(fmt::format("{:5.1f} s  {}", in_ms(when) / 1000, what));
  };
  const time_point began = now.at - now.since_start;
  for (; told_ < now.faults.size(); ++told_) {
    const fault& f = now.faults[told_];
    const bool announced = begun_ > told_;
    begun_ = told_ + 1;
    const std::string what = announced ? name_of(f) : name_of(f) + " (" + deed_of(f) + ")";
    if (!f.recovery && !announced) tell(f.at - began, what + " …");
    if (!f.recovery) break;
    tell(f.over - began, what + ": " + recovery_of(f));
  }
  return lines;
}

/// The news stay; what stands below them is drawn anew.
void progress::redraw(const std::vector<std::string>& news, const std::vector<std::string>& lines) {
  const std::size_t columns = screen_columns(stream_);
  std::string text = drawn_ == 0 ? "" : fmt::format("\x1b[{}A", drawn_);
  for (const auto& line : news) text += "\x1b[2K" + line + "\n";
  for (const auto& line : lines)
    text += "\x1b[2K" + line.substr(0, columns > 1 ? columns - 1 : 0) + "\n";
  std::fwrite(text.data(), 1, text.size(), stream_);
  std::fflush(stream_);
  drawn_ = lines.size();
}

} // namespace holdfast::cli::demo
