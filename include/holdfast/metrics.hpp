#pragma once

#include <holdfast/event.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace prometheus {
class Collectable;
}

namespace holdfast {

/// What is read only when somebody scrapes.
struct gauge_readings {
  std::uint32_t idle = 0;
  std::uint32_t used = 0;
  std::uint32_t connecting = 0;
  std::uint32_t pending = 0; ///< callers that wait for a connection
  std::uint32_t min_size = 0;
  std::uint32_t max_size = 0;
  std::uint32_t lease_limit = 0; ///< connections that may be lent at once, for now
};

/// Counts the events of one database on one host. Resolved once and kept by whoever publishes, so
/// that an event costs two or three uncontended atomic additions: no lock, no look-up, no
/// allocation. Names in the events are not looked at. Threads: any.
class host_metrics : public observer {
public:
  /// As `on_event`, for one of `high_volume_events` that went well and whose event nobody else
  /// wants: it need not be made.
  virtual void count(event_kind kind, duration elapsed) noexcept = 0;
  /// Called on the thread that scrapes, never on an event; nothing means "gone". Must not throw.
  /// Capture the pool weakly: the function lives as long as these metrics.
  virtual void read_pool_with(std::function<std::optional<gauge_readings>()> read) = 0;
  /// Tokens left in the retry budget.
  virtual void read_budget_with(std::function<std::optional<double>()> read) = 0;
};

/// The metrics of any number of databases, under OpenTelemetry's names for database clients in
/// Prometheus spelling, and `holdfast_*` for what OpenTelemetry does not know. Labels are
/// `database` and `host`, never the name of an operation, so that their number is bounded.
///
/// A cheap handle; copies share. Serves no HTTP: hand `collectable()` to an exposer, or `text()` to
/// any web server. Threads: any.
class metrics {
public:
  metrics();

  /// The metrics of one database on one host, the same object as long as somebody holds it; then
  /// they are gone from the text. An empty host stands for the database as a whole: no host label.
  [[nodiscard]] std::shared_ptr<host_metrics> at(std::string_view database,
                                                 std::string_view host) const;

  /// In Prometheus' text format.
  [[nodiscard]] std::string text() const;
  /// For a prometheus-cpp registry or exposer.
  [[nodiscard]] std::shared_ptr<prometheus::Collectable> collectable() const;

private:
  friend std::string prometheus_text(std::span<const metrics> sources);
  struct state;
  std::shared_ptr<state> state_;
};

/// Several as one text, each family once.
[[nodiscard]] std::string prometheus_text(std::span<const metrics> sources);

} // namespace holdfast
