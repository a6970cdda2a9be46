#include "database/sql_connector.hpp"

#include "database/host.hpp"

namespace holdfast::detail {

task<result<drivers::connection_ptr>> sql_connector::open(runtime& rt, deadline until) {
  const std::uint64_t generation = owner_->connections().generation();
  auto opened = co_await driver_->open(rt, until);
  if (!opened) owner_->connect_failed(opened.error(), generation);
  co_return opened;
}

task<result<void>> sql_connector::ping(runtime& rt, drivers::connection_ptr& c, deadline until) {
  return c->ping(rt, until);
}

task<result<void>> sql_connector::reset(runtime& rt, drivers::connection_ptr& c, deadline until) {
  return c->reset(rt, until);
}

bool sql_connector::dirty(const drivers::connection_ptr& c) const noexcept { return c->dirty(); }

bool sql_connector::usable(const drivers::connection_ptr& c) const noexcept { return c->usable(); }

void sql_connector::interrupt(drivers::connection_ptr& c) noexcept { c->interrupt(); }

void sql_connector::close(drivers::connection_ptr& c) noexcept { c->close(); }

} // namespace holdfast::detail
