// The cells in which the server runs short of something.
#pragma once

#include "chaos/matrix.hpp"

namespace holdfast::matrix {

void disk_full(trial& t);
void out_of_memory(trial& t);

} // namespace holdfast::matrix
