#include "telemetry/log_line.hpp"

#include "telemetry/text.hpp"

#include <holdfast/pool_snapshot.hpp>

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <utility>

namespace holdfast::detail {
namespace {

constexpr std::size_t value_limit = 512;
constexpr std::size_t message_limit = 2048;

bool reads_unquoted(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '=' && c != '\\';
  });
}

// One line under construction. Fields without a value are left out.
class line {
public:
  explicit line(log_format format) : json_{format == log_format::json} {
    if (json_) text_ += '{';
  }

  void text(std::string_view key, std::string_view value, std::size_t limit = value_limit) {
    if (value.empty()) return;
    begin(key);
    const auto masked = redact(value);
    if (!json_ && masked.size() <= limit && reads_unquoted(masked)) {
      text_ += masked;
      return;
    }
    text_ += '"';
    append_escaped(text_, masked, limit);
    text_ += '"';
  }

  void count(std::string_view key, std::uint64_t value) {
    if (value != 0) always(key, value);
  }

  void always(std::string_view key, std::uint64_t value) {
    begin(key);
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }

  void milliseconds(std::string_view key, duration d) {
    begin(key);
    const auto microseconds = std::max<std::int64_t>(0, d.count()) / 1000;
    fmt::format_to(std::back_inserter(text_), "{}.{:03}", microseconds / 1000, microseconds % 1000);
  }

  void number(std::string_view key, double value) {
    begin(key);
    if (std::isfinite(value))
      fmt::format_to(std::back_inserter(text_), "{}", value);
    else
      text_ += "null"; // JSON knows no infinity
  }

  void head(log_level level, wall_time at, event_kind kind) {
    if (!json_) {
      text_ += to_string(kind);
      return;
    }
    text("time", iso_time(at));
    text("level", to_string(level));
    text("event", to_string(kind));
  }

  [[nodiscard]] std::string take() && {
    if (json_) text_ += '}';
    return std::move(text_);
  }

private:
  static std::string iso_time(wall_time at) {
    using namespace std::chrono;
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<microseconds>(at - day)};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
  }

  void begin(std::string_view key) {
    if (json_) {
      if (text_.size() > 1) text_ += ',';
      fmt::format_to(std::back_inserter(text_), "\"{}\":", key);
    } else {
      fmt::format_to(std::back_inserter(text_), " {}=", key);
    }
  }

  bool json_;
  std::string text_;
};

void add_reason(line& out, event_reason reason) {
  if (reason != event_reason::none) out.text("reason", to_string(reason));
}

void add_place(line& out, std::string_view key, const std::source_location& at) {
  if (at.line() != 0) out.text(key, fmt::format("{}:{}", at.file_name(), at.line()));
}

// What the event does not say itself is taken from the error's context.
void add_context(line& out, const event& e) {
  static const context nowhere;
  const auto& where = e.failure ? e.failure->where : nowhere;
  const auto either = [](std::string_view mine, std::string_view other) {
    return mine.empty() ? other : mine;
  };
  out.text("database", either(e.database, where.database));
  out.text("host", either(e.host, where.host));
  out.text("operation", either(e.operation, where.operation));
  out.count("attempt", e.attempt ? e.attempt : where.attempt);
  out.text("trace_id", either(e.trace_id, where.trace_id));
  out.count("connection", e.connection);
}

void add_measures(line& out, const event& e) {
  const auto elapsed =
      e.elapsed == duration::zero() && e.failure ? e.failure->where.elapsed : e.elapsed;
  if (elapsed != duration::zero()) out.milliseconds("elapsed_ms", elapsed);
  if (e.kind == event_kind::retry_scheduled) out.milliseconds("delay_ms", e.delay);
  const bool has_value =
      e.kind == event_kind::threshold_crossed || e.kind == event_kind::threshold_cleared;
  if (has_value) out.number("value", e.value);
}

void add_pool(line& out, const pool_snapshot& pool) {
  out.always("pool_idle", pool.idle);
  out.always("pool_in_use", pool.in_use);
  out.always("pool_connecting", pool.connecting);
  out.always("pool_waiting", pool.waiting);
  out.always("pool_max_size", pool.max_size);
  if (!pool.oldest_leases.empty())
    add_place(out, "pool_oldest_holder", pool.oldest_leases.front().holder);
}

void add_failure(line& out, const error& failure) {
  out.text("code", to_string(failure.code));
  out.text("category", to_string(failure.kind));
  out.text("effect", to_string(failure.effect));
  out.text("advice", to_string(failure.next));
  out.text("phase", to_string(failure.when));
  out.text("native_code", failure.native_code);
  if (failure.pool) add_pool(out, *failure.pool);
  add_place(out, "caller", failure.where.caller);
  out.text("message", failure.message, message_limit);
}

} // namespace

std::string render(log_format format, log_level level, wall_time at, const event& e,
                   std::uint64_t repeats) {
  line out{format};
  out.head(level, at, e.kind);
  add_reason(out, e.reason);
  add_context(out, e);
  add_measures(out, e);
  add_place(out, "holder", e.caller);
  out.count("repeats", repeats);
  if (e.failure) add_failure(out, *e.failure);
  return std::move(out).take();
}

std::string render(log_format format, wall_time at, const repeat_summary& s) {
  const auto seconds = std::chrono::duration<double>(s.window).count();
  line out{format};
  out.head(s.level, at, s.kind);
  add_reason(out, s.reason);
  out.text("database", s.database);
  out.text("host", s.host);
  if (s.code) out.text("code", to_string(*s.code));
  out.always("suppressed", s.suppressed);
  out.number("window_s", seconds);
  out.text("message", fmt::format("suppressed {} in {:.3g} s", s.suppressed, seconds));
  return std::move(out).take();
}

} // namespace holdfast::detail
