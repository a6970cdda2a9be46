#pragma once

#include "drivers/background_slots.hpp"
#include "drivers/mysql/connect.hpp"
#include "drivers/mysql/settings.hpp"

namespace holdfast::drivers::mysql {

/// Ends sessions on the server, and so what they run, without making anybody wait: by KILL on a
/// connection of its own, in a thread of its own, `most_errands` at most; beyond that a request is
/// dropped, and its statement runs to its end. Not KILL QUERY: one that comes before the server has
/// read the statement is forgotten.
///
/// Not awaited by anybody, this object's destructor included. Only for a connection that is never
/// used again: a late cancel would hit its next statement. Threads: safe to call concurrently.
class canceller {
public:
  /// Ends the session `facts.id` of `c`, unless the server was restarted since:
  /// its ids are given out again. Logs in as `c` did. Returns at once.
  void cancel(const MYSQL* c, const settings& s, const std::string& address,
              session_facts facts) noexcept;

private:
  background_slots errands_{most_errands};
};

} // namespace holdfast::drivers::mysql
