// The live view: redrawn in place on a screen, one plain line a second elsewhere; and a line for
// each fault once it is over.
#pragma once

#include "cli/demo/fault_words.hpp"
#include "cli/demo/pulse.hpp"

#include <holdfast/status.hpp>

#include <cstdio>
#include <deque>
#include <string>
#include <vector>

namespace holdfast::cli::demo {

/// Everything that the view shows, at one moment.
struct moment {
  time_point at{};
  duration since_start{};
  double seconds_planned = 0;
  pulse_reading counts;
  database_status status;
  std::vector<fault> faults;
};

class progress {
public:
  /// `stream` may be null: show nothing.
  explicit progress(std::FILE* stream);

  /// How often it wants to be shown a moment.
  [[nodiscard]] duration interval() const noexcept;
  void show(moment now);

private:
  struct window {
    double per_second = 0;
    duration median{};
    duration p99{};
  };
  [[nodiscard]] window slide(const moment& now);
  [[nodiscard]] std::vector<std::string> news_in(const moment& now);
  void redraw(const std::vector<std::string>& news, const std::vector<std::string>& lines);

  std::FILE* stream_;
  bool screen_;
  std::deque<moment> last_second_;
  std::size_t drawn_ = 0; // lines that stand on the screen
  std::size_t begun_ = 0; // faults whose beginning was told
  std::size_t told_ = 0;  // and those whose end was
};

/// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);
[[nodiscard]] std::string grouped(std::int64_t number);
[[nodiscard]] double in_ms(duration d) noexcept;

} // namespace holdfast::cli::demo
