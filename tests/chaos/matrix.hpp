// The table of cells: one fault each, by the numbers of the project's fault matrix.
#pragma once

#include "chaos/ground.hpp"
#include "chaos/verdict.hpp"

#include <cstdint>
#include <span>

namespace holdfast::matrix {

/// One run of one cell.
struct trial {
  ground& at;
  std::uint64_t seed = 0;
  bool brief = false; ///< the short form, for ctest
  verdict out{};
};

struct cell {
  int number = 0;
  const char* name = "";
  void (*run)(trial&) = nullptr; ///< null: not built yet
};

[[nodiscard]] std::span<const cell> cells() noexcept;

} // namespace holdfast::matrix
