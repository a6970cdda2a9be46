#pragma once

#include "drivers/postgres/handles.hpp"
#include "drivers/postgres/settings.hpp"

#include <holdfast/result.hpp>
#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

#include <vector>

namespace holdfast::drivers::postgres {

struct entered {
  pg_connection link;
  std::vector<address> found; ///< for the host's name; empty where it has none
  credential as;              ///< what the server took
};

/// The whole handshake: files, credential, name, TCP, TLS, login. Each address of the host is given
/// its share of the time; the first that the server itself answers from decides. A credential that
/// is refused is read once more, and tried once more if it is another one by then.
/// Errors: see connect_failure.hpp; invalid_configuration for a file that cannot be read; whatever
/// the credential provider returns; cancelled.
[[nodiscard]] task<result<entered>> connect(runtime& rt, const settings& s, deadline until);

/// The addresses of the host: of a name as the resolver gives them, of an address that; of a socket
/// one that is empty.
[[nodiscard]] task<result<std::vector<address>>> addresses_of(runtime& rt, const settings& s,
                                                              deadline until);

/// A name that has to be looked up.
[[nodiscard]] bool is_named(const host_port& server) noexcept;

} // namespace holdfast::drivers::postgres
