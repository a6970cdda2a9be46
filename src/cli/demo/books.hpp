// The verdict: what the callers were told against what the database holds.
#pragma once

#include "cli/demo/ledger.hpp"

#include <holdfast/database.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::cli {

struct verdict {
  std::uint64_t lost = 0;     ///< acknowledged, but not there
  std::uint64_t doubled = 0;  ///< there though refused or failed, or applied twice
  std::uint64_t unknown = 0;  ///< could not be settled
  std::uint64_t resolved = 0; ///< was unknown, and is settled now
  std::int64_t money = 0;     ///< the sum, less what it must be
};

/// Asks what became of each unknown, then compares. Throws database_error.
[[nodiscard]] verdict check_books(database& db, const std::vector<ledger>& books);

} // namespace holdfast::cli
