#include "drivers/mysql/errors.hpp"

#include <algorithm>
#include <array>

namespace holdfast::drivers::mysql {
namespace {

using enum advice;
using kind = category;
using e = errc;
using enum spoken_by;
constexpr auto info = severity::info;
constexpr auto serious = severity::error;
constexpr auto critical = severity::critical;
constexpr auto keeps = loss::statement;
constexpr auto ends_block = loss::transaction;
constexpr auto ends = loss::connection;
constexpr auto known = doubt::none;
constexpr auto in_doubt = doubt::always;

// The servers give most numbers a class of SQLSTATE; HY000 says nothing.
constexpr auto classes = std::to_array<class_row>({
    {"08",
     {0, both, e::connection_lost, kind::connection, serious, retry_statement, ends, in_doubt,
      "the connection failed", "mysql"}},
    {"0A",
     {0, both, e::feature_not_supported, kind::request, serious, fix_request, keeps, known,
      "the server does not support this", "mysql"}},
    {"21",
     {0, both, e::invalid_statement, kind::request, serious, fix_request, keeps, known,
      "the number of columns or rows does not fit", "mysql"}},
    {"22",
     {0, both, e::invalid_data, kind::data, serious, fix_request, keeps, known,
      "the server refused a value", "spring"}},
    {"23",
     {0, both, e::constraint_violation, kind::constraint, info, fix_request, keeps, known,
      "a constraint is violated", "spring"}},
    {"28",
     {0, both, e::authentication_failed, kind::auth, critical, give_up, ends, known,
      "the server does not let this user in", "mysql"}},
    {"40",
     {0, both, e::serialization_failure, kind::conflict, info, retry_transaction, ends_block, known,
      "the transaction was rolled back by the server", "mysql"}},
    {"42",
     {0, both, e::invalid_statement, kind::request, serious, fix_request, keeps, known,
      "the server does not accept this statement", "spring"}},
});

constexpr error_row last_resort{0,
                                both,
                                e::server_error,
                                kind::internal,
                                serious,
                                give_up,
                                keeps,
                                known,
                                "the server reported an error",
                                "ours"};

bool speaks(spoken_by row, flavour server) noexcept {
  return row == both || (row == mariadb) == (server == flavour::mariadb);
}

} // namespace

std::span<const class_row> class_table() noexcept { return classes; }

const error_row& row_of(unsigned number, flavour server, std::string_view sqlstate) noexcept {
  for (const auto& row : std::ranges::equal_range(error_table(), number, {}, &error_row::number))
    if (speaks(row.server, server)) return row;
  for (const auto& c : classes)
    if (sqlstate.size() == 5 && sqlstate.starts_with(c.sqlstate)) return c.row;
  return last_resort;
}

} // namespace holdfast::drivers::mysql
