#include "drivers/mysql/login_options.hpp"

#include <algorithm>
#include <chrono>

namespace holdfast::drivers::mysql {
namespace {

/// A server names the way to log in, and one that was not verified may be anybody's. These give it
/// no readable password; but the two of MySQL encrypt it for whoever answers, so that one who
/// lies in wait may learn it. Without them nobody could log in to MySQL 8.
constexpr const char* careful_ways = "mysql_native_password,caching_sha2_password,"
                                     "sha256_password,client_ed25519,auth_gssapi_client";

void set_flag(MYSQL* on, mysql_option which, bool wanted) {
  const my_bool value = wanted ? 1 : 0;
  mysql_optionsv(on, which, &value);
}

void set_text(MYSQL* on, mysql_option which, const std::string& text) {
  if (!text.empty()) mysql_optionsv(on, which, text.c_str());
}

/// The verification is on at first whatever is wanted: without it the library would log in
/// unencrypted where the server offers no TLS. The login puts it right before the handshake.
void set_tls(MYSQL* on, const login_request& to) {
  const bool wanted = to.tls.mode != tls_mode::disable;
  set_flag(on, MYSQL_OPT_SSL_ENFORCE, wanted);
  verify_certificate(on, wanted);
  if (!wanted) return;
  if (to.tls.verifies()) set_text(on, MYSQL_OPT_SSL_CA, to.tls.ca_file);
  set_text(on, MYSQL_OPT_SSL_CERT, to.s.tls.cert_file);
  set_text(on, MYSQL_OPT_SSL_KEY, to.s.tls.key_file);
}

} // namespace

void verify_certificate(MYSQL* on, bool wanted) {
  set_flag(on, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, wanted);
}

void set_options(MYSQL* on, const login_request& to, duration left) {
  mysql_optionsv(on, MYSQL_OPT_NONBLOCK, nullptr); // its own stack size: a smaller one breaks
  mysql_optionsv(on, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const unsigned off = 0; // else a server could ask for any file of ours
  mysql_optionsv(on, MYSQL_OPT_LOCAL_INFILE, &off);
  const bool local = to.s.server.is_socket();
  const unsigned protocol = local ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  mysql_optionsv(on, MYSQL_OPT_PROTOCOL, &protocol);
  const auto whole = std::chrono::ceil<std::chrono::seconds>(left).count();
  const auto timeout = static_cast<unsigned>(std::clamp<std::int64_t>(whole, 1, 3600));
  mysql_optionsv(on, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
  mysql_optionsv(on, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", to.s.application_name.c_str());
  if (!local && !to.tls.verifies()) mysql_optionsv(on, MARIADB_OPT_RESTRICTED_AUTH, careful_ways);
  set_tls(on, to);
}

} // namespace holdfast::drivers::mysql
