// What can happen to an embedded file: other processes, the disk, the memory.
#pragma once

#include "chaos/matrix.hpp"

namespace holdfast::matrix::sqlite {

void commit_kill(trial& t);
void slow(trial& t);
void reads_given_up(trial& t);
void writer_killed(trial& t);
void writer_paused(trial& t);
void disk_full(trial& t);
void out_of_memory(trial& t);
void locked(trial& t);
void wall_clock_jump(trial& t);

} // namespace holdfast::matrix::sqlite
