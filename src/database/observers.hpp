// Who sees a database's events: the log, the metrics, the history, the user's functions, and
// whoever the options add.
#pragma once

#include "telemetry/user_event_dispatcher.hpp"

#include <holdfast/event.hpp>
#include <holdfast/event_history.hpp>
#include <holdfast/event_log.hpp>
#include <holdfast/metrics.hpp>
#include <holdfast/options.hpp>
#include <holdfast/runtime.hpp>

#include <memory>
#include <string>
#include <vector>

namespace holdfast::detail {

struct database_observers {
  std::shared_ptr<event_log> log; ///< null when switched off
  std::shared_ptr<event_history> history;
  std::shared_ptr<user_event_dispatcher> users;
  std::vector<std::shared_ptr<host_metrics>> measures; ///< one a host; none when switched off
  metrics numbers;
  event_set details; ///< kinds that somebody wants who does not only count them
  /// All of them as one, with the database's name filled in where an event lacks it, and where
  /// there is only one host, with that.
  observer_ptr all;
};

/// Writes the counts of repeated lines as their windows end, as long as the log lives.
[[nodiscard]] task<void> flush_log(std::shared_ptr<runtime> rt, std::weak_ptr<event_log> log,
                                   duration window);

/// `background` runs the user functions; the address of the result is what they must not call
/// (`inside_user_hook`).
/// Errors: invalid_configuration (a log file that cannot be opened).
[[nodiscard]] result<std::shared_ptr<database_observers>>
make_observers(const database_options& options, const std::vector<std::string>& hosts,
               std::shared_ptr<runtime> background, observer_ptr extra);

} // namespace holdfast::detail
