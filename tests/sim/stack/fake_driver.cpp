#include "sim/stack/fake_engine.hpp"

#include <chrono>

namespace holdfast::testing {

using namespace std::chrono_literals;

namespace {

error refused(errc code, std::string message) {
  error e = make_error(code, std::move(message));
  e.connection_usable = false;
  return e;
}

} // namespace

task<result<drivers::connection_ptr>> fake_driver::open(runtime& rt, deadline until) {
  const bool hangs = store_->hanging || store_->happens(store_->rates.connect);
  const duration takes = hangs ? duration{1h} : 1ms + store_->some(4ms);
  const auto arrives = rt.now() + takes;
  const wait_status slept = co_await rt.sleep_until(std::min(arrives, until.at()));
  if (slept == wait_status::cancelled) co_return refused(errc::cancelled, "cancelled");
  if (arrives > until.at()) co_return refused(errc::connect_timeout, "no answer in time");
  if (!store_->up && store_->happens(4)) co_return refused(errc::server_starting, "starting");
  if (!store_->up) co_return refused(errc::connect_refused, "nobody listens");
  if (store_->full || store_->happens(store_->rates.connect))
    co_return refused(errc::too_many_connections, "the server is full");
  if (last_credential_ && *last_credential_ != store_->credential) ++rotations_;
  last_credential_ = store_->credential;
  auto made = std::make_unique<fake_connection>(store_);
  co_return drivers::connection_ptr{std::move(made)};
}

const drivers::operation_table_sql& fake_driver::operation_table() const noexcept {
  static const drivers::operation_table_sql statements{
      .create = "CREATE KEYS",
      .exists = "SELECT TABLE",
      .insert_key = "INSERT KEY",
      .store_result = "UPDATE KEY",
      .read_key = "SELECT KEY",
      .insert_tombstone = "INSERT TOMBSTONE",
      .prune = "DELETE KEYS",
      .low_water = "SELECT MARK",
      .insert_conflict = "duplicate",
  };
  return statements;
}

} // namespace holdfast::testing
