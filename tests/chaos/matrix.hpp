// The tables of cells: one fault each, by the numbers of the project's fault matrix, for each
// engine.
#pragma once

#include "chaos/ground.hpp"
#include "chaos/verdict.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

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
  void (*run)(trial&) = nullptr;
  const char* why_not = ""; ///< why it does not run, where it does not
};

/// Kills, and what came of them.
struct kill_run {
  const char* name = "";
  verdict (*run)(ground& at, std::uint32_t kills, std::uint64_t seed) = nullptr;
};

struct engine {
  const char* name = "";
  std::unique_ptr<ground> (*open)() = nullptr;
  std::span<const cell> cells{};
  std::span<const kill_run> kills{};        ///< around COMMIT
  std::span<const kill_run> server_kills{}; ///< of the whole server; none: it has none
};

[[nodiscard]] std::span<const engine> engines() noexcept;

} // namespace holdfast::matrix
