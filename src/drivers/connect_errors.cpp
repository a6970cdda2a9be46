#include "drivers/connect_errors.hpp"

#include <cerrno>
#include <openssl/x509_vfy.h>
#include <system_error>

namespace holdfast::drivers {
namespace {

std::string words_for(int number) { return std::generic_category().message(number); }

} // namespace

error failed_connect(errc code, std::string message) {
  error e = make_error(code, std::move(message));
  e.connection_usable = false;
  return e;
}

std::string quoted(std::string_view name) { return "\"" + std::string{name} + "\""; }

error tcp_error(int number, const connect_target& to) {
  switch (number) {
  case ECONNREFUSED: return failed_connect(errc::connect_refused, "nothing listens at " + to.peer);
  case ENOENT: return failed_connect(errc::connect_refused, "there is no server socket " + to.peer);
  case ETIMEDOUT:
    return failed_connect(errc::connect_timeout,
                          to.peer + " did not answer in time (the system gave up)");
  case ECONNRESET:
  case ECONNABORTED:
  case EPIPE: return failed_connect(errc::connection_lost, to.peer + " cut the connection at once");
  case 0: return failed_connect(errc::host_unreachable, to.peer + " cannot be reached");
  default:
    return failed_connect(errc::host_unreachable,
                          to.peer + " cannot be reached: " + words_for(number));
  }
}

error connect_timeout_error(connect_step step, const connect_target& to) {
  switch (step) {
  case connect_step::tcp:
    return failed_connect(errc::connect_timeout, to.peer + " did not answer in time");
  case connect_step::tls:
    return failed_connect(errc::connect_timeout,
                          to.peer + " accepted the connection, but TLS was not ready in time");
  case connect_step::login: break;
  }
  return failed_connect(errc::connect_timeout,
                        to.peer + " accepted the connection, but the login did not end in time");
}

error hung_up_error(const connect_target& to) {
  return failed_connect(errc::connection_lost, to.peer + " ended the connection during the login");
}

tls_finding finding_of_verification(long code) noexcept {
  switch (code) {
  case X509_V_OK: return tls_finding::handshake_failed;
  case X509_V_ERR_CERT_HAS_EXPIRED: return tls_finding::expired;
  case X509_V_ERR_CERT_NOT_YET_VALID: return tls_finding::not_yet_valid;
  case X509_V_ERR_HOSTNAME_MISMATCH:
  case X509_V_ERR_IP_ADDRESS_MISMATCH: return tls_finding::wrong_name;
  default: return tls_finding::untrusted;
  }
}

error tls_error(tls_finding found, const connect_target& to) {
  const auto certificate = "the certificate of " + to.peer;
  switch (found) {
  case tls_finding::expired:
    return failed_connect(errc::certificate_expired, certificate + " has expired");
  case tls_finding::not_yet_valid:
    return failed_connect(errc::certificate_expired, certificate + " is not valid yet");
  case tls_finding::untrusted:
    return failed_connect(errc::certificate_untrusted,
                          certificate + " is not signed by anybody whom tls.ca_file trusts");
  case tls_finding::wrong_name:
    return failed_connect(errc::certificate_mismatch, certificate + " names another host");
  case tls_finding::not_offered:
    return failed_connect(errc::tls_failed,
                          to.peer + " does not offer TLS, and tls.mode asks for it");
  case tls_finding::unreachable:
    return failed_connect(errc::connection_lost,
                          to.peer + " ended the connection before TLS was ready");
  default: return failed_connect(errc::tls_failed, "no TLS could be agreed on with " + to.peer);
  }
}

bool says_host_is_down(const error& e) noexcept {
  switch (e.code) {
  case errc::host_unreachable:
  case errc::connect_refused:
  case errc::connect_timeout:
  case errc::name_not_resolved:
  case errc::connection_lost:
  case errc::server_shutdown:
  case errc::server_starting: return true;
  default: return false;
  }
}

} // namespace holdfast::drivers
