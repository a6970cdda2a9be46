// Virtual time, golden files and a logger that writes into a string.
#pragma once

#include <holdfast/event.hpp>
#include <holdfast/event_log.hpp>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sstream>
#include <string>
#include <vector>

namespace holdfast::test {

using namespace std::chrono_literals;

inline time_point at(duration d) { return time_point{1000h + d}; }

/// 2026-03-01T12:00:00Z at `at(0s)`.
inline wall_clock virtual_wall() {
  return [](time_point t) {
    const std::chrono::sys_days day{std::chrono::year{2026} / 3 / 1};
    return std::chrono::system_clock::time_point{day + 12h} + (t - at(0s));
  };
}

/// Compares with tests/golden/telemetry/<name>; HOLDFAST_UPDATE_GOLDEN=1 writes it instead.
inline void expect_golden(const std::string& name, const std::string& text) {
  const auto path = std::string{HOLDFAST_GOLDEN_DIR} + "/telemetry/" + name;
  if (std::getenv("HOLDFAST_UPDATE_GOLDEN")) {
    std::ofstream{path} << text;
    return;
  }
  std::ifstream file{path};
  ASSERT_TRUE(file) << path;
  const std::string expected{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_EQ(text, expected) << "if meant: HOLDFAST_UPDATE_GOLDEN=1";
}

inline event make_event(event_kind kind, duration when = 0s) {
  event e;
  e.kind = kind;
  e.at = at(when);
  e.database = "shop";
  e.host = "10.0.0.7:5432";
  return e;
}

/// A log whose lines can be read back.
class captured_log {
public:
  explicit captured_log(log_options options) {
    const bool json = options.format == log_format::json;
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(out_);
    auto logger = std::make_shared<spdlog::logger>("holdfast", sink);
    logger->set_level(spdlog::level::trace);
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        json ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    log_ = event_log::create(logger, options, virtual_wall()).value();
  }

  event_log& log() { return *log_; }
  void close() { log_.reset(); }
  [[nodiscard]] std::string text() const { return out_.str(); }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream in{out_.str()};
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

private:
  std::ostringstream out_;
  std::shared_ptr<event_log> log_;
};

} // namespace holdfast::test
