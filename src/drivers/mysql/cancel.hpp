#pragma once

#include "drivers/background_slots.hpp"
#include "drivers/mysql/connect.hpp"
#include "drivers/mysql/settings.hpp"

namespace holdfast::drivers::mysql {

/// Ends statements on the server without making anybody wait: by KILL QUERY on a connection of its
/// own, in a thread of its own, two at most; when both are stuck the request is dropped: closing
/// the connection has to do then.
///
/// Not awaited by anybody, this object's destructor included. Only for a connection that is never
/// used again: a late cancel would hit its next statement. Threads: safe to call concurrently.
class canceller {
public:
  /// Cancels what the session `facts.id` of `c` runs now, unless the server was restarted since:
  /// its ids are given out again. Logs in as `c` did. Returns at once.
  void cancel(const MYSQL* c, const settings& s, const std::string& address,
              session_facts facts) noexcept;

private:
  background_slots errands_{2};
};

} // namespace holdfast::drivers::mysql
