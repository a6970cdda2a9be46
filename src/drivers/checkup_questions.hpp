// The questions that every engine's `checkup` asks alike, and how it asks its own.
#pragma once

#include "drivers/checkup.hpp"
#include "drivers/sql_driver.hpp"

#include <holdfast/row.hpp>

#include <optional>
#include <string>
#include <vector>

namespace holdfast::drivers {

/// A question changes nothing, and the server sees to it.
template <class Row>
task<result<std::vector<Row>>> ask(runtime& rt, sql_connection& c, const std::string& sql,
                                   deadline until) {
  typed_rows<Row> rows;
  const begin_options how{.read_only = true, .with_next = true};
  auto begun = co_await c.begin(rt, how, until);
  if (!begun) co_return std::move(begun.error());
  const statement what{sql, {}};
  auto asked = co_await c.execute(rt, what, &rows, until);
  if (c.usable()) {
    auto ended = co_await c.rollback(rt, until);
    if (asked && !ended) co_return std::move(ended.error());
  }
  if (!asked) co_return std::move(asked.error());
  co_return rows.take();
}

/// Round trips and the server's clock, which `sql` gives as a double: seconds since 1970, UTC. It
/// is asked outside a transaction: that would be two more messages. `told` is set on success.
task<std::optional<error>> ask_clock(runtime& rt, sql_connection& c, std::string_view sql,
                                     wall_clock now, std::optional<clock_facts>& told,
                                     deadline until);

using question = task<std::optional<error>>;
/// Asks one after the other, as long as the connection can be used. One that is refused spoils no
/// other; the first refusal is the answer.
task<std::optional<error>> ask_in_turn(const sql_connection& c, std::vector<question>& questions);

} // namespace holdfast::drivers
