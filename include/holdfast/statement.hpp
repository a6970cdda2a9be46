#pragma once

#include <holdfast/result.hpp>
#include <holdfast/value.hpp>

#include <concepts>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace holdfast {

/// The text of one statement and where it was called from. Made implicitly from a string; a default
/// argument could not follow the pack of parameters, so the text carries the caller's place.
struct sql {
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  constexpr sql(const Text& t, std::source_location where = std::source_location::current())
      : text{t}, caller{where} {}

  std::string_view text;
  std::source_location caller;
};

/// A column of a result, as the engine names and types it.
struct column {
  std::string name;
  value_type type = value_type::text; ///< null: the engine types each value by itself (SQLite)
  std::string native_type;            ///< "int4", "TEXT": for error messages
};

/// Receives a result. Cells are valid during the call only.
class row_sink {
public:
  virtual ~row_sink() = default;
  /// Once, before the first row, also when there are no rows; not called for statements without a
  /// result. `cols` is valid until the statement ends.
  virtual void columns(std::span<const column> cols) = 0;
  /// One row. The sink may move from the cells. An error ends the statement with that error and
  /// leaves the connection usable (the driver drains or cancels what is left as it needs to).
  virtual result<void> row(std::span<value> cells) = 0;
};

/// Most rows that a stream holds in memory at once.
inline constexpr std::uint32_t default_fetch_size = 1000;

struct statement {
  std::string_view sql;
  std::span<const value> parameters;
  /// Most rows of one batch, where rows are fetched by and by.
  std::uint32_t fetch_size = default_fetch_size;
};

struct statement_result {
  std::uint64_t rows_affected = 0;
};

enum class isolation : std::uint8_t {
  engine_default,
  read_committed,
  repeatable_read,
  serializable,
};

} // namespace holdfast
