// Holds the database to what the callers were told.
#pragma once

#include "cli/demo/ledger.hpp"

#include <holdfast/database.hpp>

#include <array>
#include <span>
#include <string>
#include <vector>

namespace holdfast::cli::demo {

struct findings {
  std::array<std::uint64_t, answer_count> told{}; ///< writes by what their caller was told
  std::uint64_t repeated = 0;
  std::uint64_t settled_committed = 0;     ///< in doubt, and found to be there
  std::uint64_t settled_not_committed = 0; ///< in doubt, and found to be absent, for good
  std::uint64_t unknown = 0;               ///< in doubt for ever
  std::uint64_t lost = 0;                  ///< acknowledged, and not there
  std::uint64_t doubled = 0;               ///< there more than once
  std::uint64_t contradicted = 0;          ///< anything else that is not as it was told
  std::int64_t money_before = 0;
  std::int64_t money_after = 0;
  std::vector<std::string> examples; ///< of what is wrong, a few

  [[nodiscard]] std::uint64_t of(answer a) const noexcept {
    return told[static_cast<std::size_t>(a)];
  }
  [[nodiscard]] bool right() const noexcept {
    return lost == 0 && doubled == 0 && unknown == 0 && contradicted == 0 &&
           money_before == money_after;
  }
};

/// Asks for the fate of what is in doubt, reads all tables and compares. The callers have ended.
/// Throws database_error when the tables cannot be read.
[[nodiscard]] findings check_books(database& db, std::span<const ledger* const> books);

} // namespace holdfast::cli::demo
