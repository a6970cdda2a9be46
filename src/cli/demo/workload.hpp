// Seats that are booked once and money that only moves, by many callers at once.
#pragma once

#include "cli/demo/ledger.hpp"

#include <holdfast/database.hpp>

#include <atomic>
#include <cstdint>
#include <string>

namespace holdfast::cli {

inline constexpr std::int64_t accounts = 200;
inline constexpr std::int64_t opening_balance = 1000;
inline constexpr std::int64_t seats = 50'000;

/// Tables and opening balances.
void prepare(database& db);

/// One caller, until `stop`. Every write carries an operation key that begins with `prefix`.
void call_until(database db, const std::string& prefix, std::uint64_t seed,
                const std::atomic<bool>& stop, tally& counts, ledger& mine);

} // namespace holdfast::cli
