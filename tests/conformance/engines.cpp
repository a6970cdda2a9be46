#include "conformance/witness.hpp"

#include <array>

namespace holdfast::conformance {

namespace {

constexpr std::array table{
    engine_entry{"sqlite", sqlite_witness},
    engine_entry{"postgres", postgres_witness},
    engine_entry{"mysql", mysql_witness},
};

} // namespace

std::span<const engine_entry> engines() noexcept { return table; }

} // namespace holdfast::conformance
