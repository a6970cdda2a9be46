// The cells in which time runs out, or jumps.
#pragma once

#include "chaos/matrix.hpp"

namespace holdfast::matrix {

void tls_expiry(trial& t);
void wall_clock_jump(trial& t);

} // namespace holdfast::matrix
