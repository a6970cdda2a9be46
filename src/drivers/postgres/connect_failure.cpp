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
    error e =
        failed_connect(errc::invalid_configuration,
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
    return failed_connect(errc::authentication_failed, to.peer + " asks for a password of user " +
                                                           quoted(to.user) +
                                                           ", and none was given");
  if (f.step == connect_step::tcp) return tcp_error(errno_in(f.text), to);
  if (f.step == connect_step::tls) return tls_error(tls_finding::handshake_failed, to);
  return hung_up_error(to);
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
  error e = failed_connect(
      errc::invalid_configuration,
      "libpq does not take the settings for " + to.peer +
          ": look at variables of the environment like PGSERVICE, which it reads too");
  e.native_message = std::move(text);
  return e;
}

} // namespace holdfast::drivers::postgres
