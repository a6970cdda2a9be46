#pragma once

#include <holdfast/config.hpp>
#include <holdfast/database.hpp>

#include <string_view>

namespace holdfast::sqlite {

/// Opens a SQLite database: a path ("app.db"), ":memory:" (one connection, gone with it), or a URL
/// (`sqlite:app.db?pool.max_size=8`). `options` stand over what the URL says.
///
/// Throws configuration_error with every violation at once and nothing opened, else a
/// database_error that says why the file cannot be opened.
[[nodiscard]] database connect(std::string_view path_or_url, const database_options& options = {});

/// The same from a configuration: `connect(load_config("holdfast.toml", "shop"))`.
[[nodiscard]] database connect(const database_config& config);

} // namespace holdfast::sqlite
