#pragma once

#include <holdfast/event.hpp>
#include <holdfast/log_options.hpp>
#include <holdfast/result.hpp>
#include <holdfast/time.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spdlog {
class logger;
}

namespace holdfast {

[[nodiscard]] std::string_view to_string(log_level) noexcept;

/// All violations, each naming the option and what it takes; empty if there are none.
[[nodiscard]] std::vector<std::string> validate(const log_options& options);

/// The wall-clock time of a moment on the steady clock.
using wall_clock = std::function<std::chrono::system_clock::time_point(time_point)>;
/// Reads both clocks at each call.
[[nodiscard]] wall_clock system_wall_clock();

/// Lines go to stderr from a thread of the logger's own, through a bounded queue that overwrites
/// its oldest lines: a blocked stderr never blocks an operation (but does block the destructor).
[[nodiscard]] std::shared_ptr<spdlog::logger> stderr_logger(log_format format);

/// The same, to `options.file` if one is named. Errors: invalid_configuration.
[[nodiscard]] result<std::shared_ptr<spdlog::logger>> open_logger(const log_options& options);

/// Writes events as structured lines: `kind key=value …`, or one JSON object a line. It never
/// writes a native message, an outcome token or SQL, and masks what looks like a password.
///
/// Writes to the logger on the thread of the event, which may hold a pool's lock: give it one that
/// does not block (`stderr_logger`, or any async logger with an overrun policy). JSON wants the
/// pattern "%v". Line and key names are interface. Threads: any.
class event_log final : public observer {
public:
  /// Errors: invalid_configuration.
  [[nodiscard]] static result<std::shared_ptr<event_log>>
  create(std::shared_ptr<spdlog::logger> logger, log_options options = {},
         wall_clock to_wall = system_wall_clock());

  /// Writes the counts that are still held back.
  ~event_log() override;

  void on_event(const event& e) noexcept override;
  [[nodiscard]] event_set interests() const noexcept override;

  /// Writes the counts of the windows that have ended. Each line does so too: call it now and then
  /// so that the last count of a storm does not wait for the next line.
  void flush(time_point now) noexcept;
  /// Writes all counts, also those of windows that have not ended: at a close.
  void finish() noexcept;

private:
  struct state;
  explicit event_log(std::unique_ptr<state> s) noexcept;
  std::unique_ptr<state> state_;
};

} // namespace holdfast
