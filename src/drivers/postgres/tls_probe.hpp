#pragma once

#include "drivers/postgres/connect_failure.hpp"

#include <holdfast/options.hpp>
#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <string>

namespace holdfast::drivers::postgres {

struct tls_probe_target {
  std::string host;    ///< the name that the certificate has to give
  std::string address; ///< numeric
  std::uint16_t port = 0;
  tls_mode mode = tls_mode::verify_full;
  std::string ca_file;
};

/// One handshake of our own, to tell why libpq's failed: its text is the same for an expired
/// certificate and for an unknown issuer. Sends no login.
[[nodiscard]] task<tls_finding> probe_tls(runtime& rt, tls_probe_target to, deadline until);

} // namespace holdfast::drivers::postgres
