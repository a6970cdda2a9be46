// One host of a database: its pool, its breaker, and the monitor that owns the way back after an
// outage.
#pragma once

#include "database/load_limiter.hpp"
#include "database/writer_queue.hpp"
#include "drivers/sql_driver.hpp"

#include <holdfast/circuit_breaker.hpp>
#include <holdfast/event.hpp>
#include <holdfast/options.hpp>
#include <holdfast/pool.hpp>
#include <holdfast/status.hpp>

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>

namespace holdfast::detail {

using sql_pool = pool<drivers::connection_ptr>;
using sql_lease = lease<drivers::connection_ptr>;

class topology;

/// Thread-safe. Its probe is spawned onto the background and keeps the host alive while it runs.
class host : public std::enable_shared_from_this<host> {
public:
  host(std::shared_ptr<drivers::sql_driver> driver, const database_options& options,
       std::shared_ptr<runtime> background, observer_ptr events,
       std::shared_ptr<host_metrics> measures, std::uint64_t seed);

  [[nodiscard]] sql_pool& connections() noexcept { return *pool_; }
  [[nodiscard]] circuit_breaker& breaker() noexcept { return breaker_; }
  [[nodiscard]] load_limiter& load() noexcept { return *load_; }
  [[nodiscard]] const drivers::sql_driver& driver() const noexcept { return *driver_; }
  [[nodiscard]] drivers::sql_driver& engine() noexcept { return *driver_; }
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  /// Null when metrics are off.
  [[nodiscard]] host_metrics* measures() const noexcept { return measures_.get(); }
  /// Where the engine has one writer at a time.
  [[nodiscard]] writer_queue& writers() noexcept { return writers_; }
  [[nodiscard]] host_status status(time_point now) const;

  /// It is one of several: they hear what is heard of it. Before its first connect.
  void join(std::weak_ptr<topology> all, std::size_t number) noexcept;
  [[nodiscard]] bool up() const;
  [[nodiscard]] bool stopped() const;

  /// An attempt failed: takes the host out of service if the error says that it is down.
  /// `generation` is that of the connection that saw it.
  void report(const error& e, std::uint64_t generation);
  /// A connect of the pool failed. Called before that connection counts as closed.
  void connect_failed(const error& e, std::uint64_t generation);
  /// A connect of the pool succeeded. Once with another credential than the one before: those that
  /// entered with the old one are to go, without disturbing borrowers.
  void connected(const drivers::sql_connection& made);
  /// One of several, and by the word of this connection not what it is taken for.
  [[nodiscard]] bool denied_by(const drivers::sql_connection& c);
  /// Its name leads to these addresses no more: connections to them are replaced as they come free.
  void leave_addresses(const std::vector<std::string>& vanished);
  /// It takes no writes any more: its connections go, those in use at their return or, with
  /// `interrupt`, at once; then it stays closed until `reopen`.
  void evict(const error& cause, bool interrupt);
  /// Its pool opens, if the host is up.
  void reopen();
  /// A cleared pool says that it was cleared; a caller is told why.
  [[nodiscard]] error explain(error e) const;
  /// Drops all connections and begins anew.
  void reset();

  /// Until the host is up, or the deadline.
  [[nodiscard]] task<wait_status> wait_until_up(runtime& rt, deadline until);

  /// No probe from now on; whoever waits goes on at once.
  void stop() noexcept;

  /// Fills in when and where.
  void publish(event e) noexcept;

private:
  void go_down(const error& cause, std::uint64_t generation);
  void go_up();
  [[nodiscard]] task<void> probe_until_up(std::shared_ptr<host> self);
  [[nodiscard]] task<bool> probe(std::uint32_t number);
  [[nodiscard]] bool still_down() const;
  [[nodiscard]] bool has_nobody() const;
  [[nodiscard]] bool keeps_down(const error& failure) const noexcept;

  std::shared_ptr<drivers::sql_driver> driver_;
  std::shared_ptr<runtime> background_;
  observer_ptr events_;
  std::string database_;
  std::string_view name_; // the driver's word for it
  std::shared_ptr<host_metrics> measures_;
  std::string after_connect_;
  duration connect_timeout_;
  circuit_breaker breaker_;
  std::unique_ptr<sql_pool> pool_;
  std::unique_ptr<load_limiter> load_;
  writer_queue writers_;
  std::atomic<std::uint64_t> rotations_{0}; // of credentials, that the pool knows of
  std::weak_ptr<topology> all_;             // empty where it is the only one
  std::size_t number_ = 0;                  // among them
  bool joined_ = false;

  mutable std::mutex mutex_; // guards all below
  bool up_ = true;
  bool stopped_ = false;
  time_point since_;
  std::shared_ptr<const error> cause_; // why it is, or was last, down
  std::list<waiter*> waiting_; // for the host to come up; they live in their coroutines' frames
};

} // namespace holdfast::detail
