#include "database/row_copy.hpp"

namespace holdfast::detail {

result<void> row_copy::replay(row_sink& into) const {
  if (!has_columns) return {};
  into.columns(columns);
  for (const auto& row : rows) {
    auto cells = row; // the sink may move from them
    if (auto taken = into.row(cells); !taken) return taken;
  }
  return {};
}

std::size_t memory_of(const value& v) noexcept {
  std::size_t size = sizeof(value);
  std::visit(
      [&](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, bytes>)
          size += x.size();
        else if constexpr (std::is_same_v<T, numeric>)
          size += x.digits.size();
        else if constexpr (std::is_same_v<T, json_text>)
          size += x.text.size();
        else if constexpr (std::is_same_v<T, value_array>)
          for (const value& item : x) size += memory_of(item);
      },
      v);
  return size;
}

void copying_sink::columns(std::span<const column> cols) {
  copy_ = {}; // a retried attempt begins anew
  copy_.columns.assign(cols.begin(), cols.end());
  copy_.has_columns = true;
  bytes_ = sizeof(row_copy);
  for (const column& c : cols) bytes_ += sizeof(column) + c.name.size() + c.native_type.size();
  if (next_) next_->columns(cols);
}

result<void> copying_sink::row(std::span<value> cells) {
  bytes_ += sizeof(std::vector<value>);
  for (const value& v : cells) bytes_ += memory_of(v);
  if (complete())
    copy_.rows.emplace_back(cells.begin(), cells.end());
  else
    copy_.rows = {};
  if (next_) return next_->row(cells);
  return {};
}

} // namespace holdfast::detail
