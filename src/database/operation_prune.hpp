// Old operation keys go by themselves, in the background, a few at a time.
#pragma once

#include "database/topology.hpp"

#include <memory>

namespace holdfast::detail {

/// How long a key stays, and how long one look for older ones may take.
struct prune_terms {
  duration retention{};
  duration limit{};
};

/// Most rows that one transaction deletes.
inline constexpr std::int64_t prune_batch = 1000;

/// How often a process looks for old keys: 1/168 of the retention (an hour for a week), at most a
/// day.
[[nodiscard]] duration prune_interval(duration retention) noexcept;

/// On the host that takes writes, until the hosts are gone or its pool closed. It holds them weakly
/// while it sleeps, and nothing else of the database. A failure is told as an event and leaves the
/// rest to the next look.
[[nodiscard]] task<void> prune_keys(std::shared_ptr<runtime> rt, std::weak_ptr<topology> owner,
                                    prune_terms how);

} // namespace holdfast::detail
