#pragma once

#include <atomic>
#include <libpq-fe.h>
#include <memory>

namespace holdfast::drivers::postgres {

/// Sends cancel requests without making anybody wait. libpq's `PQcancel` blocks, without a limit of
/// its own against a silent peer, so each request has a thread of its own, two at most; when both
/// are stuck the request is dropped: closing the connection has to do then.
///
/// Not awaited by anybody, this object's destructor included. Only for a connection that is never
/// used again: a late cancel would hit its next statement. Threads: safe to call concurrently.
class canceller {
public:
  canceller() : busy_{std::make_shared<std::atomic<int>>(0)} {}

  /// Cancels what `c` runs now. Returns at once.
  void cancel(PGconn* c) noexcept;

private:
  std::shared_ptr<std::atomic<int>> busy_; // threads that are cancelling; they share its ownership
};

} // namespace holdfast::drivers::postgres
