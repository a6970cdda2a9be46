// A host's name is looked up now and then: an answer that has changed is not to wait for a connect.
#pragma once

#include "database/host.hpp"

#include <memory>

namespace holdfast::detail {

/// Every `interval`, and once more a second after an answer that lacks an address, until the host
/// is gone or stopped. It holds the host weakly while it sleeps.
[[nodiscard]] task<void> watch_addresses(std::shared_ptr<runtime> rt, std::weak_ptr<host> watched,
                                         duration interval);

} // namespace holdfast::detail
