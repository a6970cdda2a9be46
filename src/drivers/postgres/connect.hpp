#pragma once

#include "drivers/postgres/handles.hpp"
#include "drivers/postgres/settings.hpp"

#include <holdfast/result.hpp>
#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

namespace holdfast::drivers::postgres {

struct entered {
  pg_connection link;
  credential as; ///< what the server took
};

/// The whole handshake: files, credential, name, TCP, TLS, login. Each address of the host is given
/// its share of the time; the first that the server itself answers from decides. A credential that
/// is refused is read once more, and tried once more if it is another one by then.
/// Errors: see connect_failure.hpp; invalid_configuration for a file that cannot be read; whatever
/// the credential provider returns; cancelled.
[[nodiscard]] task<result<entered>> connect(runtime& rt, const settings& s, deadline until);

} // namespace holdfast::drivers::postgres
