// What one caller was told about each of its writes. Kept in memory, apart from the database, so
// that the database can be held to it.
#pragma once

#include <holdfast/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::cli::demo {

enum class answer : std::uint8_t {
  acknowledged, ///< it is done: must be there, once
  refused,      ///< the seat was taken, the money was short: must not be there
  rolled_back,  ///< our own block threw half way: must not be there
  failed,       ///< an error without effect: must not be there
  in_doubt,     ///< an error with effect "unknown": to be asked about
};

/// A number for each answer.
inline constexpr std::size_t answer_count = 5;

enum class deed : std::uint8_t { booking, transfer };

struct ledger_entry {
  deed what = deed::booking;
  std::string key; ///< the operation key; names the row that the write leaves
  std::string seat;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t amount = 0;
  /// What the acknowledgement said: rows, or the balance left.
  std::optional<std::int64_t> told;
  answer was = answer::failed;
  std::string token; ///< in doubt: what to ask with
};

/// One caller's.
struct ledger {
  std::vector<ledger_entry> entries;
  std::vector<duration> latencies; ///< of every operation, repeats included
  std::uint64_t repeated = 0;      ///< acknowledged writes that were sent again with the same key
  /// Repeats that were answered otherwise than the first time.
  std::vector<std::string> contradictions;
};

} // namespace holdfast::cli::demo
