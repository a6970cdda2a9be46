// The cells that the server plays itself: it dies, pauses, refuses, or ends what takes too long.
#pragma once

#include "chaos/matrix.hpp"

namespace holdfast::matrix {

void server_killed(trial& t);
void server_restarted(trial& t);
void server_paused(trial& t);
void read_only(trial& t);
void connection_limit(trial& t);
void deadlock_storm(trial& t);
void lock_timeout(trial& t);
void statement_timeout(trial& t);
void idle_kill(trial& t);
void credential_rotation(trial& t);

} // namespace holdfast::matrix
