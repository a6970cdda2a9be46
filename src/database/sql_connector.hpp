// Teaches the generic pool to open, prove, clean and close SQL connections.
#pragma once

#include "drivers/sql_driver.hpp"

namespace holdfast::detail {

class host;

class sql_connector {
public:
  /// `owner` outlives the pool; it hears of failed connects.
  sql_connector(std::shared_ptr<drivers::sql_driver> driver, host* owner) noexcept
      : driver_{std::move(driver)}, owner_{owner} {}

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
  host* owner_;
};

} // namespace holdfast::detail
