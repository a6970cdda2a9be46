#include "database/sql_connector.hpp"

#include "database/host.hpp"

namespace holdfast::detail {

namespace {

task<result<void>> prepare(runtime& rt, drivers::sql_connection& c, std::string_view sql,
                           deadline until) {
  if (sql.empty()) co_return result<void>{};
  auto done = co_await c.script(rt, sql, until);
  if (done && c.in_transaction() != drivers::transaction_status::none)
    done = make_error(errc::invalid_statement, "it leaves a transaction open");
  if (done) {
    c.mark_clean();
    co_return done;
  }
  error& e = done.error();
  e.message = "after_connect: " + e.message;
  e.when = phase::not_sent; // of the caller's statement nothing was
  e.effect = side_effect::none;
  e.connection_usable = false;
  co_return done;
}

} // namespace

task<result<drivers::connection_ptr>> open_session(runtime& rt, drivers::sql_driver& driver,
                                                   std::string_view after_connect, deadline until) {
  auto opened = co_await driver.open(rt, until);
  if (!opened) co_return opened;
  auto prepared = co_await prepare(rt, **opened, after_connect, until);
  if (prepared) co_return opened;
  (*opened)->close();
  co_return std::move(prepared.error());
}

task<result<drivers::connection_ptr>> sql_connector::open(runtime& rt, deadline until) {
  const std::uint64_t generation = owner_->connections().generation();
  auto opened = co_await open_session(rt, *driver_, after_connect_, until);
  if (opened)
    owner_->connected(**opened);
  else
    owner_->connect_failed(opened.error(), generation);
  co_return opened;
}

task<result<void>> sql_connector::ping(runtime& rt, drivers::connection_ptr& c, deadline until) {
  auto proved = co_await c->ping(rt, until);
  // What answers may have been demoted: for a writer that proves nothing.
  if (!proved || !owner_->denied_by(*c)) co_return proved;
  auto demoted = make_error(errc::read_only_server, "the server takes no writes any more");
  demoted.connection_usable = false;
  co_return demoted;
}

task<result<void>> sql_connector::reset(runtime& rt, drivers::connection_ptr& c, deadline until) {
  auto clean = co_await c->reset(rt, until);
  if (!clean) co_return clean;
  co_return co_await prepare(rt, *c, after_connect_, until);
}

[[gnu::hot]] bool sql_connector::dirty(const drivers::connection_ptr& c) const noexcept {
  return c->dirty();
}

[[gnu::hot]] bool sql_connector::usable(const drivers::connection_ptr& c) const noexcept {
  return c->usable();
}

void sql_connector::interrupt(drivers::connection_ptr& c) noexcept { c->interrupt(); }

void sql_connector::close(drivers::connection_ptr& c) noexcept { c->close(); }

} // namespace holdfast::detail
