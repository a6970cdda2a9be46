#pragma once

#include "fuzz/target.hpp"

#include <string>

namespace holdfast::fuzz {

/// One file each, named by their number; the folder is made.
void write_seeds(const target& t, const std::string& folder);

} // namespace holdfast::fuzz
