// The cells that the fault proxy plays.
#pragma once

#include "chaos/matrix.hpp"

namespace holdfast::matrix {

void refused(trial& t);
void syn_black_hole(trial& t);
void reset_before_send(trial& t);
void reset_mid_query(trial& t);
void black_hole_mid_reply(trial& t);
void half_close(trial& t);
void slow(trial& t);
void byte_sliced(trial& t);
void slow_close(trial& t);
void truncated_reply(trial& t);
void corrupt_frame(trial& t);
void stale_bytes_after_cancel(trial& t);

} // namespace holdfast::matrix
