// Cells of a result as values.
#pragma once

#include <holdfast/result.hpp>
#include <holdfast/statement.hpp>
#include <holdfast/value.hpp>

#include <libpq-fe.h>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast::drivers::postgres {

/// One cell in the server's binary form. False if the bytes are not what the type says, or if our
/// type cannot hold the value: 'infinity' as a date or timestamp.
[[nodiscard]] bool decode_binary(std::string_view bytes, Oid type, value& out);

/// The columns of a described statement or of a result, and whether every type of theirs has a
/// binary form that we read: the whole row comes in binary then, else in text.
struct row_shape {
  std::vector<column> columns;
  std::vector<Oid> types;
  bool binary = true;

  [[nodiscard]] static row_shape of(const PGresult* described);
  [[nodiscard]] bool matches(const PGresult* r) const noexcept;
};

/// Decodes one row into `cells`, which is reused. Errors: invalid_data, naming the column.
[[nodiscard]] result<void> decode_row(const PGresult* r, int row, const row_shape& shape,
                                      std::vector<value>& cells);

} // namespace holdfast::drivers::postgres
