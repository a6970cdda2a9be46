// The process that writes is killed, again and again; then its file is held to what it was told.
#pragma once

#include "chaos/ground.hpp"
#include "chaos/verdict.hpp"

#include <cstdint>
#include <string>

namespace holdfast::matrix::sqlite {

/// What the process itself does: `chaos --keep-writing FILE LEDGER RUN`. It notes each write that
/// it begins, and each that was acknowledged, in a file that outlives it.
inline constexpr auto keep_writing_word = "--keep-writing";
int keep_writing(const std::string& file, const std::string& ledger, const std::string& run);

/// Kills it `kills` times (SIGKILL), then makes each write that it was not told of once more, under
/// its operation key: demands that each is there exactly once.
[[nodiscard]] verdict run_kills(ground& at, std::uint32_t kills, std::uint64_t seed);

} // namespace holdfast::matrix::sqlite
