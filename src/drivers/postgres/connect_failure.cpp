#include "drivers/postgres/connect_failure.hpp"

#include "drivers/postgres/errors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace holdfast::drivers::postgres {
namespace {

constexpr std::size_t sqlstate_size = 5;
constexpr auto connect_errnos =
    std::to_array<int>({ECONNREFUSED, ENOENT, EACCES, EPERM, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN,
                        ENETDOWN, ETIMEDOUT, ECONNRESET, ECONNABORTED, EPIPE, EADDRNOTAVAIL,
                        EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN});

std::string words_for(int number) { return std::generic_category().message(number); }

error failed(errc code, std::string message) {
  error e = make_error(code, std::move(message));
  e.connection_usable = false;
  return e;
}

std::string quoted(std::string_view name) { return "\"" + std::string{name} + "\""; }

error tcp_error(int number, const connect_target& to) {
  switch (number) {
  case ECONNREFUSED: return failed(errc::connect_refused, "nothing listens at " + to.peer);
  case ENOENT: return failed(errc::connect_refused, "there is no server socket " + to.peer);
  case ETIMEDOUT:
    return failed(errc::connect_timeout, to.peer + " did not answer in time (the system gave up)");
  case ECONNRESET:
  case ECONNABORTED:
  case EPIPE: return failed(errc::connection_lost, to.peer + " cut the connection at once");
  case 0: return failed(errc::host_unreachable, to.peer + " cannot be reached");
  default:
    return failed(errc::host_unreachable, to.peer + " cannot be reached: " + words_for(number));
  }
}

/// Sentences for the SQLSTATEs that a login fails with; others say what the table says.
std::string login_sentence(std::string_view sqlstate, const connect_target& to) {
  if (sqlstate == "28P01") return to.peer + " refused the password of user " + quoted(to.user);
  if (sqlstate == "3D000") return to.peer + " has no database " + quoted(to.database);
  if (sqlstate == "28000")
    return to.peer + " does not let user " + quoted(to.user) + " into database " +
           quoted(to.database) + " from here";
  if (sqlstate == "42501")
    return "user " + quoted(to.user) + " may not connect to database " + quoted(to.database) +
           " at " + to.peer;
  return to.peer + ": " + std::string{row_of(sqlstate).says};
}

/// A start-up option that the server does not take is a mistake in our configuration.
bool refuses_option(std::string_view sqlstate) noexcept {
  return sqlstate == "42704" || sqlstate == "42601" || sqlstate.starts_with("22") ||
         sqlstate == "55P02";
}

error login_error(std::string_view sqlstate, const connect_target& to) {
  if (refuses_option(sqlstate)) {
    error e = failed(errc::invalid_configuration,
                     to.peer + " does not take one of the session settings of postgres.options");
    e.native_code = sqlstate;
    return e;
  }
  server_reply reply;
  reply.sqlstate = sqlstate;
  reply.severity = "FATAL";
  situation nothing_sent;
  nothing_sent.writes = false;
  nothing_sent.when = phase::not_sent;
  error e = answered_error(reply, nothing_sent);
  e.message = login_sentence(sqlstate, to);
  e.connection_usable = false;
  return e;
}

error step_error(const connect_failure& f, const connect_target& to) {
  if (f.needs_password)
    return failed(errc::authentication_failed, to.peer + " asks for a password of user " +
                                                   quoted(to.user) + ", and none was given");
  if (f.step == connect_step::tcp) return tcp_error(errno_in(f.text), to);
  if (f.step == connect_step::tls) return tls_error(tls_finding::handshake_failed, to);
  return failed(errc::connection_lost, to.peer + " ended the connection during the login");
}

} // namespace

connect_step step_of(ConnStatusType status) noexcept {
  switch (status) {
  case CONNECTION_NEEDED:
  case CONNECTION_STARTED:
  case CONNECTION_BAD: return connect_step::tcp;
  case CONNECTION_SSL_STARTUP: return connect_step::tls;
  default: return connect_step::login;
  }
}

std::string_view sqlstate_in(std::string_view text) noexcept {
  constexpr std::string_view before = ":  ";
  const auto in_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() < sqlstate_size + before.size()) continue;
    const auto code = line.substr(line.size() - sqlstate_size);
    const auto rest = line.substr(0, line.size() - sqlstate_size);
    if (rest.ends_with(before) && std::all_of(code.begin(), code.end(), in_code)) return code;
  }
  return {};
}

int errno_in(std::string_view text) {
  const auto named = [text](int n) { return text.find(words_for(n)) != std::string_view::npos; };
  const auto found = std::find_if(connect_errnos.begin(), connect_errnos.end(), named);
  return found == connect_errnos.end() ? 0 : *found;
}

error connect_error(const connect_failure& f, const connect_target& to) {
  const auto sqlstate = sqlstate_in(f.text);
  error e = sqlstate.empty() ? step_error(f, to) : login_error(sqlstate, to);
  e.native_message = f.text;
  return e;
}

error refused_settings_error(std::string text, const connect_target& to) {
  error e = failed(errc::invalid_configuration,
                   "libpq does not take the settings for " + to.peer +
                       ": look at variables of the environment like PGSERVICE, which it reads too");
  e.native_message = std::move(text);
  return e;
}

error connect_timeout_error(connect_step step, const connect_target& to) {
  switch (step) {
  case connect_step::tcp: return failed(errc::connect_timeout, to.peer + " did not answer in time");
  case connect_step::tls:
    return failed(errc::connect_timeout,
                  to.peer + " accepted the connection, but TLS was not ready in time");
  case connect_step::login: break;
  }
  return failed(errc::connect_timeout,
                to.peer + " accepted the connection, but the login did not end in time");
}

error tls_error(tls_finding found, const connect_target& to) {
  const auto certificate = "the certificate of " + to.peer;
  switch (found) {
  case tls_finding::expired: return failed(errc::certificate_expired, certificate + " has expired");
  case tls_finding::not_yet_valid:
    return failed(errc::certificate_expired, certificate + " is not valid yet");
  case tls_finding::untrusted:
    return failed(errc::certificate_untrusted,
                  certificate + " is not signed by anybody whom tls.ca_file trusts");
  case tls_finding::wrong_name:
    return failed(errc::certificate_mismatch, certificate + " names another host");
  case tls_finding::not_offered:
    return failed(errc::tls_failed, to.peer + " does not offer TLS, and tls.mode asks for it");
  case tls_finding::unreachable:
    return failed(errc::connection_lost, to.peer + " ended the connection before TLS was ready");
  default: return failed(errc::tls_failed, "no TLS could be agreed on with " + to.peer);
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

} // namespace holdfast::drivers::postgres
