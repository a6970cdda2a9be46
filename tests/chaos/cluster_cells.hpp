// Cells in which another server takes over.
#pragma once

#include "chaos/matrix.hpp"

namespace holdfast::matrix {

void promotion(trial& t);
void dns_change(trial& t);

} // namespace holdfast::matrix
