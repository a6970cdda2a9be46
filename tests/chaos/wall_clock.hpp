// The wall clock of this process, which can be made to jump.
#pragma once

#include <holdfast/time.hpp>

/// Whatever this process and its libraries ask for the time of day gets it with the jumps so far:
/// the program's own clock_gettime, gettimeofday and time stand before the C library's. What the
/// kernel does by the wall clock is not moved, so a wait until a time of day goes wrong by the
/// jump. Threads: any.
namespace holdfast::matrix::wall_clock {

void jump(duration by) noexcept;
void restore() noexcept;

} // namespace holdfast::matrix::wall_clock
