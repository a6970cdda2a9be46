#pragma once

#include "drivers/background_slots.hpp"

#include <libpq-fe.h>

namespace holdfast::drivers::postgres {

/// Sends cancel requests without making anybody wait, each again until the server has answered the
/// connection or thrice. libpq's `PQcancel` blocks, without a limit of its own against a silent
/// peer, so each has a thread of its own, `most_errands` at most; beyond that a request is dropped,
/// and its statement runs to its end.
///
/// Not awaited by anybody, this object's destructor included. Only for a connection that is never
/// used again: a late cancel would hit its next statement. Threads: safe to call concurrently.
class canceller {
public:
  /// Cancels what `c` runs now. Returns at once.
  void cancel(PGconn* c) noexcept;

private:
  background_slots errands_{most_errands};
};

} // namespace holdfast::drivers::postgres
