#include "telemetry/log_line.hpp"
#include "telemetry/repeat_limiter.hpp"

#include <holdfast/event_log.hpp>

#include <fmt/format.h>
#include <mutex>
#include <spdlog/async.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <utility>

namespace holdfast {
namespace {

using detail::repeat_key;
using detail::repeat_limiter;
using detail::repeat_summary;

spdlog::level::level_enum spdlog_level(log_level level) noexcept {
  return static_cast<spdlog::level::level_enum>(level);
}
static_assert(static_cast<int>(log_level::trace) == SPDLOG_LEVEL_TRACE);
static_assert(static_cast<int>(log_level::error) == SPDLOG_LEVEL_ERROR);

event_set kinds_at_or_above(log_level level) {
  event_set kinds;
  for (std::size_t i = 0; i < event_kind_count; ++i) {
    const auto kind = static_cast<event_kind>(i);
    if (detail::highest_level_of(kind) >= level) kinds = kinds | event_set{kind};
  }
  return kinds;
}

repeat_key key_of(const event& e, log_level level) {
  const auto code = e.failure ? std::optional{e.failure->code} : std::nullopt;
  return {e.kind, e.reason, code, level, e.database, e.host};
}

std::string joined(const std::vector<std::string>& sentences) {
  return fmt::format("{}", fmt::join(sentences, "; "));
}

} // namespace

std::vector<std::string> validate(const log_options& options) {
  std::vector<std::string> violations;
  if (options.burst && *options.burst == 0)
    violations.emplace_back("log burst: 0 given, takes 1 or more, or nothing for no limit");
  if (options.window <= duration::zero())
    violations.push_back(
        fmt::format("log window: {} ns given, takes more than 0", options.window.count()));
  return violations;
}

wall_clock system_wall_clock() {
  return [](time_point at) {
    using wall = std::chrono::system_clock;
    const auto ago = clock::now() - at;
    return wall::now() - std::chrono::duration_cast<wall::duration>(ago);
  };
}

namespace {

// Through a thread of its own and a bounded queue: a sink that blocks never blocks an operation.
std::shared_ptr<spdlog::logger> queued_logger(spdlog::sink_ptr sink, log_format format) {
  struct parts {
    std::shared_ptr<spdlog::logger> logger;
    // The logger itself holds it weakly. Destroyed first: it writes what is queued and joins.
    std::shared_ptr<spdlog::details::thread_pool> writer;
  };
  constexpr std::size_t queued_lines = 8192;
  auto own = std::make_shared<parts>();
  own->writer = std::make_shared<spdlog::details::thread_pool>(queued_lines, 1);
  own->logger = std::make_shared<spdlog::async_logger>(
      "holdfast", std::move(sink), own->writer, spdlog::async_overflow_policy::overrun_oldest);
  own->logger->set_level(spdlog::level::trace);
  own->logger->flush_on(spdlog::level::info);
  const auto pattern = format == log_format::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %n %v";
  own->logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  auto* logger = own->logger.get();
  return {std::move(own), logger};
}

} // namespace

std::shared_ptr<spdlog::logger> stderr_logger(log_format format) {
  return queued_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(), format);
}

result<std::shared_ptr<spdlog::logger>> open_logger(const log_options& options) {
  if (options.file.empty()) return stderr_logger(options.format);
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
    return queued_logger(std::move(sink), options.format);
  } catch (const spdlog::spdlog_ex&) {
    return make_error(errc::invalid_configuration,
                      "log.file: given " + options.file +
                          "; takes the path of a file that can be written");
  }
}

struct event_log::state {
  std::shared_ptr<spdlog::logger> logger;
  log_options options;
  wall_clock to_wall;
  event_set interests;
  std::mutex mutex{};                      // guards `limiter`
  std::optional<repeat_limiter> limiter{}; // none: no limit

  void write(const event& e) {
    const auto level = detail::level_of(e);
    if (level < options.level) return;
    const auto verdict = decide(e, level);
    if (!verdict.write) return;
    const auto at = to_wall(e.at);
    send(level, at, detail::render(options.format, level, at, e, verdict.repeats));
  }

  void write_ended(time_point now) {
    std::vector<repeat_summary> ended;
    {
      const std::lock_guard lock{mutex};
      if (limiter && limiter->expiry_due(now)) ended = limiter->expire(now);
    }
    write(ended, now);
  }

  void write_all() {
    std::vector<repeat_summary> ended;
    time_point last{};
    {
      const std::lock_guard lock{mutex};
      if (!limiter) return;
      last = limiter->latest();
      ended = limiter->finish();
    }
    write(ended, last);
  }

  void write(const std::vector<repeat_summary>& summaries, time_point now) {
    if (summaries.empty()) return;
    const auto at = to_wall(now);
    for (const auto& s : summaries) send(s.level, at, detail::render(options.format, at, s));
  }

private:
  detail::repeat_verdict decide(const event& e, log_level level) {
    if (!limiter) return {};
    write_ended(e.at);
    const std::lock_guard lock{mutex};
    return limiter->decide(e.at, key_of(e, level));
  }

  void send(log_level level, detail::wall_time at, const std::string& text) {
    logger->log(at, spdlog::source_loc{}, spdlog_level(level), spdlog::string_view_t{text});
  }
};

result<std::shared_ptr<event_log>> event_log::create(std::shared_ptr<spdlog::logger> logger,
                                                     log_options options, wall_clock to_wall) {
  auto violations = validate(options);
  if (!logger) violations.emplace_back("log: no logger given");
  if (!to_wall) violations.emplace_back("log: no wall clock given");
  if (!violations.empty()) return make_error(errc::invalid_configuration, joined(violations));

  auto s = std::make_unique<state>();
  s->logger = std::move(logger);
  s->options = options;
  s->to_wall = std::move(to_wall);
  s->interests = kinds_at_or_above(options.level);
  if (options.burst) s->limiter.emplace(detail::repeat_limits{*options.burst, options.window});
  return std::shared_ptr<event_log>{new event_log{std::move(s)}};
}

event_log::event_log(std::unique_ptr<state> s) noexcept : state_{std::move(s)} {}

event_log::~event_log() { finish(); }

void event_log::on_event(const event& e) noexcept {
  try {
    state_->write(e);
  } catch (...) { // out of memory: the line is lost, the operation goes on
  }
}

event_set event_log::interests() const noexcept { return state_->interests; }

void event_log::flush(time_point now) noexcept {
  try {
    state_->write_ended(now);
  } catch (...) { // as above
  }
}

void event_log::finish() noexcept {
  try {
    state_->write_all();
  } catch (...) { // as above
  }
}

} // namespace holdfast
