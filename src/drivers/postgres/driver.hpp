#pragma once

#include "drivers/postgres/settings.hpp"
#include "drivers/sql_driver.hpp"

#include <memory>

namespace holdfast::drivers::postgres {

/// A driver for one server. Opens nothing yet and checks nothing: options were validated before.
[[nodiscard]] std::unique_ptr<sql_driver> make_driver(settings s);

/// The statements of the operation-key table, in PostgreSQL's words.
[[nodiscard]] const operation_table_sql& operation_table() noexcept;

} // namespace holdfast::drivers::postgres
