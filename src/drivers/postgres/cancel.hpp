#pragma once

#include "drivers/background_slots.hpp"

#include <libpq-fe.h>

namespace holdfast::drivers::postgres {

/// Sends cancel requests without making anybody wait. libpq's `PQcancel` blocks, without a limit of
/// its own against a silent peer, so each request has a thread of its own, two at most; when both
/// are stuck the request is dropped: closing the connection has to do then.
///
/// Not awaited by anybody, this object's destructor included. Only for a connection that is never
/// used again: a late cancel would hit its next statement. Threads: safe to call concurrently.
class canceller {
public:
  /// Cancels what `c` runs now. Returns at once.
  void cancel(PGconn* c) noexcept;

private:
  background_slots errands_{2};
};

} // namespace holdfast::drivers::postgres
