#pragma once

#include <holdfast/time.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace holdfast {

enum class log_format : std::uint8_t { text, json };
enum class log_level : std::uint8_t { trace, debug, info, warning, error };

struct log_options {
  log_format format = log_format::text;
  /// By default what somebody may have to look at, and its end. `info` adds the lives of pools and
  /// retries; what every healthy operation does is below that.
  log_level level = log_level::warning;
  /// Alike lines (kind, reason, code, database, host) a window that are written one by one; of what
  /// follows only the 100th, the 1,000th … and a count when the window ends. Empty: no limit.
  std::optional<std::uint32_t> burst = 5;
  duration window = std::chrono::seconds{10};
  // The rest is for whoever makes the logger (a database does); `event_log` is given one.
  bool enabled = true;
  std::string file{}; ///< appended to; empty: stderr
};

} // namespace holdfast
