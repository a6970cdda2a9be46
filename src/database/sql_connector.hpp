// Teaches the generic pool to open, prove, clean and close SQL connections.
#pragma once

#include "drivers/sql_driver.hpp"

namespace holdfast::detail {

class host;

/// A connect, and the SQL that prepares its session. An error of that SQL says so, and the
/// connection is closed.
[[nodiscard]] task<result<drivers::connection_ptr>> open_session(runtime& rt,
                                                                 drivers::sql_driver& driver,
                                                                 std::string_view after_connect,
                                                                 deadline until);

class sql_connector {
public:
  /// `owner` outlives the pool; it hears of each connect.
  sql_connector(std::shared_ptr<drivers::sql_driver> driver, std::string after_connect,
                host* owner) noexcept
      : driver_{std::move(driver)}, after_connect_{std::move(after_connect)}, owner_{owner} {}

  [[nodiscard]] task<result<drivers::connection_ptr>> open(runtime& rt, deadline until);
  [[nodiscard]] task<result<void>> ping(runtime& rt, drivers::connection_ptr& c, deadline until);
  [[nodiscard]] task<result<void>> reset(runtime& rt, drivers::connection_ptr& c, deadline until);
  [[nodiscard]] bool dirty(const drivers::connection_ptr& c) const noexcept;
  /// A second look: whoever saw the connection fail discards it.
  [[nodiscard]] bool usable(const drivers::connection_ptr& c) const noexcept;
  void interrupt(drivers::connection_ptr& c) noexcept;
  void close(drivers::connection_ptr& c) noexcept;

private:
  std::shared_ptr<drivers::sql_driver> driver_;
  std::string after_connect_;
  host* owner_;
};

} // namespace holdfast::detail
