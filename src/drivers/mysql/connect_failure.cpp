#include "drivers/mysql/connect_failure.hpp"

#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/handles.hpp"

#include <charconv>
#include <errmsg.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace holdfast::drivers::mysql {
namespace {

unsigned number_at(std::string_view text) noexcept {
  unsigned n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

/// What a server said before TLS was there comes as the library's own number with the server's in
/// its text.
unsigned servers_number(const connect_failure& f) noexcept {
  constexpr std::string_view before = "cannot be verified: ";
  const auto at = f.text.find(before);
  if (f.number != CR_CONNECTION_ERROR || at == std::string::npos) return f.number;
  return number_at(std::string_view{f.text}.substr(at + before.size()));
}

/// Sentences for what a login fails with; others say what the table says.
std::string login_sentence(unsigned number, const connect_target& to) {
  switch (number) {
  case 1044:
    return "user " + quoted(to.user) + " may not use database " + quoted(to.database) + " at " +
           to.peer;
  case 1045:
  case 1698: return to.peer + " refused the password of user " + quoted(to.user);
  case 1049: return to.peer + " has no database " + quoted(to.database);
  case 1130: return to.peer + " lets nobody in from this host";
  default: return to.peer + ": " + std::string{row_of(number, flavour::mariadb).says};
  }
}

error login_error(unsigned number, const connect_target& to) {
  situation nothing_sent;
  nothing_sent.writes = false;
  nothing_sent.when = phase::not_sent;
  error e = answered_error(server_reply{number, {}, {}}, nothing_sent);
  e.message = login_sentence(number, to);
  e.when = phase::not_sent;
  e.connection_usable = false;
  return e;
}

error clients_error(const connect_failure& f, const connect_target& to) {
  switch (f.number) {
  case CR_CONNECTION_ERROR:
  case CR_CONN_HOST_ERROR: return tcp_error(errno_in(f.text), to);
  case CR_SSL_CONNECTION_ERROR: return tls_error(tls_finding_in(f.text), to);
  case CR_SERVER_LOST:
  case CR_SERVER_GONE_ERROR:
  case CR_ERR_NET_WRITE: return hung_up_error(to);
  case CR_AUTH_PLUGIN_CANNOT_LOAD:
  case CR_AUTH_PLUGIN_ERR:
    return failed_connect(errc::authentication_failed,
                          to.peer + " asks user " + quoted(to.user) +
                              " to log in in a way that this client does not have");
  case CR_PLUGIN_NOT_ALLOWED:
    return failed_connect(errc::authentication_failed,
                          to.peer + " asks user " + quoted(to.user) +
                              " to log in in a way that gives the password away: that is done over "
                              "verified TLS or a Unix socket only");
  case CR_OUT_OF_MEMORY: return failed_connect(errc::out_of_memory, "no memory for a connection");
  default:
    return failed_connect(errc::protocol_violation,
                          to.peer + " did not answer as a MySQL or MariaDB server does");
  }
}

} // namespace

int errno_in(std::string_view text) noexcept {
  const auto open = text.rfind('(');
  if (open == std::string_view::npos) return 0;
  return static_cast<int>(number_at(text.substr(open + 1)));
}

tls_finding tls_finding_in(std::string_view text) noexcept {
  const auto says = [text](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  if (says("does not support")) return tls_finding::not_offered;
  if (says("Validation of SSL server certificate failed")) return tls_finding::wrong_name;
  for (long code = X509_V_OK + 1; code < 100; ++code)
    if (says(X509_verify_cert_error_string(code))) return finding_of_verification(code);
  return tls_finding::handshake_failed;
}

error connect_error(const connect_failure& f, const connect_target& to) {
  const unsigned number = servers_number(f);
  error e = is_clients_own(number) ? clients_error(f, to) : login_error(number, to);
  e.native_message = f.text;
  e.native_code = std::to_string(number);
  return e;
}

} // namespace holdfast::drivers::mysql
