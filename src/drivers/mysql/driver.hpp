#pragma once

#include "drivers/mysql/settings.hpp"
#include "drivers/sql_driver.hpp"

#include <memory>

namespace holdfast::drivers::mysql {

/// A driver for one server, MariaDB or MySQL. Opens nothing yet and checks nothing: options were
/// validated before.
[[nodiscard]] std::unique_ptr<sql_driver> make_driver(settings s);

/// The statements of the operation-key table, in this engine's words.
[[nodiscard]] const operation_table_sql& operation_table() noexcept;

} // namespace holdfast::drivers::mysql
