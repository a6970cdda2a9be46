// What a server is: a primary, a replica, or a primary that is set to take no writes.
#include "drivers/mysql/connection.hpp"
#include "drivers/mysql/gtid.hpp"

namespace holdfast::drivers::mysql {
namespace {

/// In this order: takes no writes; how far its log goes.
constexpr std::string_view examine_mariadb = "select @@global.read_only, @@global.gtid_current_pos";
constexpr std::string_view examine_mysql = "select @@global.read_only, @@global.gtid_executed";

/// A line for each primary that it follows; needs the right to look.
constexpr std::string_view followed = "show replica status";

struct answer final : row_sink {
  void columns(std::span<const column>) override {}
  result<void> row(std::span<value> cells) override {
    ++rows;
    first.assign(cells.begin(), cells.end());
    return {};
  }
  [[nodiscard]] bool flag() const {
    const auto* n = first.empty() ? nullptr : std::get_if<std::int64_t>(&first[0]);
    return n && *n != 0;
  }
  [[nodiscard]] std::string_view text() const {
    const auto* t = first.size() < 2 ? nullptr : std::get_if<std::string>(&first[1]);
    return t ? std::string_view{*t} : std::string_view{};
  }
  std::size_t rows = 0;
  std::vector<value> first;
};

} // namespace

task<result<bool>> connection::server_is_read_only(runtime& rt, deadline until) {
  answer told;
  const statement ask{"select @@global.read_only", {}};
  auto asked = co_await execute(rt, ask, &told, until);
  if (!asked) co_return std::move(asked).error();
  co_return told.flag();
}

task<result<server_state>> connection::examine(runtime& rt, deadline until) {
  answer told;
  const statement ask{is_mariadb() ? examine_mariadb : examine_mysql, {}};
  auto asked = co_await execute(rt, ask, &told, until);
  if (!asked) co_return std::move(asked).error();
  server_state s;
  s.position = is_mariadb() ? position_of_list(told.text()) : position_of_set(told.text());
  s.history = s.position ? 1 : 0; // nothing here counts promotions
  if (!told.flag()) co_return s;
  answer primaries;
  const statement look{followed, {}};
  auto looked = co_await execute(rt, look, &primaries, until);
  if (!looked && !looked.error().connection_usable) co_return std::move(looked).error();
  s.role = looked && primaries.rows == 0 ? host_role::read_only : host_role::replica;
  co_return s;
}

} // namespace holdfast::drivers::mysql
