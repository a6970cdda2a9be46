// What a server is: a primary, a standby, or a primary that is set to take no writes.
#include "drivers/postgres/connection.hpp"

namespace holdfast::drivers::postgres {
namespace {

/// In this order: in recovery; takes no writes; history; place in the log. Whoever may not look at
/// the receiver sees the history of the last restart point, which lags behind a promotion.
constexpr const char* examine_sql =
    "select r.standby, current_setting('default_transaction_read_only')::bool, "
    "case when r.standby then coalesce((select received_tli from pg_stat_wal_receiver), "
    "(select timeline_id from pg_control_checkpoint()))::bigint "
    "else ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint "
    "end, "
    "pg_wal_lsn_diff(case when r.standby then pg_last_wal_replay_lsn() "
    "else pg_current_wal_insert_lsn() end, '0/0')::bigint "
    "from (select pg_is_in_recovery() as standby) r";

/// At the border of a page of the log the next record begins behind the page's header of so many
/// bytes, while who has replayed all stands before it. No record is as short as this.
constexpr std::uint64_t page_header = 24;

struct answer final : row_sink {
  void columns(std::span<const column>) override {}
  result<void> row(std::span<value> cells) override {
    standby = flag(cells[0]);
    read_only = flag(cells[1]);
    history = number(cells[2]);
    position = number(cells[3]);
    return {};
  }
  static bool flag(const value& v) {
    const bool* b = std::get_if<bool>(&v);
    return b && *b;
  }
  static std::uint64_t number(const value& v) {
    const auto* n = std::get_if<std::int64_t>(&v);
    return n && *n > 0 ? static_cast<std::uint64_t>(*n) : 0;
  }
  bool standby = false;
  bool read_only = false;
  std::uint64_t history = 0;
  std::uint64_t position = 0;
};

host_role role_from(bool standby, bool read_only) noexcept {
  if (standby) return host_role::replica;
  return read_only ? host_role::read_only : host_role::primary;
}

} // namespace

host_role connection::role() const noexcept {
  if (!wire_.raw()) return host_role::unknown;
  const char* standby = PQparameterStatus(wire_.raw(), "in_hot_standby");
  const char* read_only = PQparameterStatus(wire_.raw(), "default_transaction_read_only");
  if (!standby || !read_only) return host_role::unknown;
  const bool by_itself = std::string_view{read_only} == "on" && !settings_read_only_;
  return role_from(std::string_view{standby} == "on", by_itself);
}

task<result<server_state>> connection::examine(runtime& rt, deadline until) {
  answer told;
  const statement ask{examine_sql, {}};
  auto asked = co_await execute(rt, ask, &told, until);
  if (!asked) co_return std::move(asked).error();
  server_state s;
  s.role = role_from(told.standby, told.read_only && !settings_read_only_);
  s.history = told.history;
  s.position = told.position;
  if (!told.standby) s.position -= std::min(s.position, page_header);
  co_return s;
}

} // namespace holdfast::drivers::postgres
