// Holds the database to what its callers were told.
#pragma once

#include "chaos/ground.hpp"
#include "chaos/workload.hpp"

#include <span>

namespace holdfast::matrix {

struct findings {
  std::uint64_t acknowledged = 0;
  std::uint64_t failed = 0;       ///< told: failed, no effect
  std::uint64_t unknown = 0;      ///< told: nobody knows
  std::uint64_t settled = 0;      ///< of these: learned later, by their token
  std::uint64_t lost = 0;         ///< acknowledged or settled as committed, and not there
  std::uint64_t doubled = 0;      ///< there more than once
  std::uint64_t contradicted = 0; ///< told or settled as not committed, and there
  std::uint64_t uninvited = 0;    ///< there, and nobody wrote it
  std::uint64_t wrong_replies = 0;
  std::int64_t money_missing = 0;
  duration worst_overrun{};
  std::map<std::string, std::uint64_t> errors;

  [[nodiscard]] bool true_to_word() const noexcept {
    return lost + doubled + contradicted + uninvited + wrong_replies == 0 && money_missing == 0;
  }
};

/// Asks `db` for the fate of what is unknown, then reads the tables as the boss and compares.
/// The callers have ended. Throws database_error when the tables cannot be read.
[[nodiscard]] findings check_books(database& db, ground& at, std::span<const ledger> books);

} // namespace holdfast::matrix
