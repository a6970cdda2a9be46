// A whole result as values: for whoever must have it before, or longer than, the caller's own rows.
#pragma once

#include <holdfast/statement.hpp>

#include <cstdint>
#include <limits>
#include <vector>

namespace holdfast::detail {

/// Columns and rows, owned.
struct row_copy {
  std::vector<column> columns;
  std::vector<std::vector<value>> rows;
  statement_result done{};
  bool has_columns = false;

  /// As the engine would have given them.
  [[nodiscard]] result<void> replay(row_sink& into) const;
};

/// About what a value takes in memory, its place included.
[[nodiscard]] std::size_t memory_of(const value& v) noexcept;

/// Copies what passes by, up to `most` bytes, and hands it on if there is somebody.
class copying_sink final : public row_sink {
public:
  explicit copying_sink(row_sink* next = nullptr,
                        std::size_t most = std::numeric_limits<std::size_t>::max()) noexcept
      : next_{next}, most_{most} {}

  void columns(std::span<const column> cols) override;
  result<void> row(std::span<value> cells) override;

  /// About the memory of the copy; more than `most`: it was given up.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool complete() const noexcept { return bytes_ <= most_; }
  [[nodiscard]] row_copy take() noexcept { return std::move(copy_); }

private:
  row_sink* next_;
  std::size_t most_;
  std::size_t bytes_ = 0;
  row_copy copy_;
};

} // namespace holdfast::detail
