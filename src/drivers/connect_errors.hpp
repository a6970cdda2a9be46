// Why a connect failed, in the words that every engine on a network shares.
#pragma once

#include <holdfast/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::drivers {

enum class connect_step : std::uint8_t { tcp, tls, login };

struct connect_target {
  std::string peer;
  std::string database;
  std::string user;
};

/// An error of a connect: nothing was sent, and there is no connection to use.
[[nodiscard]] error failed_connect(errc code, std::string message);

/// `"name"`
[[nodiscard]] std::string quoted(std::string_view name);

/// From the system's number; 0: it gave none.
[[nodiscard]] error tcp_error(int number, const connect_target& to);
[[nodiscard]] error connect_timeout_error(connect_step step, const connect_target& to);
[[nodiscard]] error hung_up_error(const connect_target& to); ///< during the login

/// What is wrong with a server's TLS.
enum class tls_finding : std::uint8_t {
  nothing_wrong,
  not_offered,
  expired,
  not_yet_valid,
  untrusted,
  wrong_name,
  handshake_failed,
  unreachable,
};
/// From what OpenSSL's verification said (X509_V_…).
[[nodiscard]] tls_finding finding_of_verification(long code) noexcept;
[[nodiscard]] error tls_error(tls_finding found, const connect_target& to);

/// The host is down or cannot be reached: its pool is to be cleared.
[[nodiscard]] bool says_host_is_down(const error& e) noexcept;

} // namespace holdfast::drivers
