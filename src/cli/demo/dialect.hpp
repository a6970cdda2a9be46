// The demo's tables and statements, in an engine's own words.
#pragma once

#include <cstdint>
#include <string>

namespace holdfast::cli::demo {

inline constexpr std::int64_t account_count = 100;
inline constexpr std::int64_t opening_balance = 1000;

struct dialect {
  std::string tables; ///< a script
  std::string seat_is_taken;
  std::string book;
  std::string withdraw;
  std::string deposit;
  std::string note_transfer;
  std::string balance;
};

/// How placeholders are written: "?1", "$1" or "?".
struct placeholders {
  char mark = '?';
  bool numbered = true;
};
[[nodiscard]] dialect make_dialect(placeholders how);

} // namespace holdfast::cli::demo
