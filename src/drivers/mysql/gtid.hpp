// How far a server's log goes, from the names of its transactions.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::drivers::mysql {

/// MariaDB: "0-1-25,7-2-3", the last transaction of each domain; their numbers together. 0: none,
/// or not such a list.
[[nodiscard]] std::uint64_t position_of_list(std::string_view text) noexcept;

/// MySQL: "3e11fa47-…:1-5:11,2c25…:1-3", intervals of each source; how many transactions they are.
[[nodiscard]] std::uint64_t position_of_set(std::string_view text) noexcept;

} // namespace holdfast::drivers::mysql
