#include "drivers/postgres/connect.hpp"

#include "drivers/postgres/connect_failure.hpp"
#include "drivers/postgres/tls_probe.hpp"

#include <arpa/inet.h>
#include <array>
#include <openssl/crypto.h>
#include <optional>
#include <unistd.h>
#include <utility>
#include <vector>

namespace holdfast::drivers::postgres {
namespace {

/// Exists nowhere: keeps libpq from files of the user's home that our options did not name.
constexpr const char* no_file = "/dev/null/none";

const char* ssl_mode(tls_mode mode) noexcept {
  switch (mode) {
  case tls_mode::require: return "require";
  case tls_mode::verify_ca: return "verify-ca";
  case tls_mode::verify_full: return "verify-full";
  default: return "disable";
  }
}

bool verifies(tls_mode mode) noexcept {
  return mode == tls_mode::verify_ca || mode == tls_mode::verify_full;
}

struct tls_plan {
  tls_mode mode;
  std::string ca_file;
};

error unreadable(const char* key, const std::string& file) {
  error e = make_error(errc::invalid_configuration,
                       std::string{key} + ": the file \"" + file + "\" cannot be read");
  e.connection_usable = false;
  return e;
}

result<tls_plan> plan_tls(const settings& s) {
  tls_plan plan{effective_tls_mode(s.tls, s.server), s.tls.ca_file};
  const std::array<std::pair<const char*, const std::string*>, 3> files{
      {{"tls.ca_file", &s.tls.ca_file},
       {"tls.cert_file", &s.tls.cert_file},
       {"tls.key_file", &s.tls.key_file}}};
  for (const auto& [key, file] : files)
    if (!file->empty() && ::access(file->c_str(), R_OK) != 0) return unreadable(key, *file);
  if (!verifies(plan.mode) || !plan.ca_file.empty()) return plan;
  plan.ca_file = system_ca_file();
  if (plan.ca_file.empty())
    return make_error(errc::invalid_configuration,
                      "tls.ca_file: this system has no bundle of trusted authorities; name one");
  return plan;
}

/// Keyword and value pairs as PQconnectStartParams takes them. Wiped at the end: the password is
/// among them.
class parameter_list {
public:
  parameter_list() { pairs_.reserve(32); }
  parameter_list(const parameter_list&) = delete;
  parameter_list& operator=(const parameter_list&) = delete;
  ~parameter_list() {
    for (auto& [key, text] : pairs_) OPENSSL_cleanse(text.data(), text.size());
  }

  /// Empty values are left out: libpq would look for a default of its own.
  void add(const char* key, std::string_view text) {
    if (!text.empty()) pairs_.emplace_back(key, text);
  }
  void add(const char* key, std::int64_t number) { add(key, std::to_string(number)); }

  [[nodiscard]] PGconn* start() const {
    std::vector<const char*> keys;
    std::vector<const char*> texts;
    for (const auto& [key, text] : pairs_) {
      keys.push_back(key);
      texts.push_back(text.c_str());
    }
    keys.push_back(nullptr);
    texts.push_back(nullptr);
    return PQconnectStartParams(keys.data(), texts.data(), 0);
  }

private:
  std::vector<std::pair<const char*, std::string>> pairs_;
};

std::int64_t seconds(duration d) { return std::chrono::ceil<std::chrono::seconds>(d).count(); }

void add_keepalives(parameter_list& list, const postgres_options& o) {
  list.add("keepalives", o.keepalive_idle ? 1 : 0);
  if (!o.keepalive_idle) return;
  list.add("keepalives_idle", seconds(*o.keepalive_idle));
  list.add("keepalives_interval", seconds(o.keepalive_interval));
  list.add("keepalives_count", o.keepalive_count);
}

/// As start-up options, so that RESET ALL goes back to them and not behind them.
std::string start_options(const postgres_options& o) {
  // A pooler in between refuses start-up options that it does not know.
  if (o.pooler == pooler_mode::transaction) return o.options;
  // What we read in text form is written in these styles.
  const std::string own = "-c datestyle=ISO -c bytea_output=hex";
  return o.options.empty() ? own : own + " " + o.options;
}

void add_tls(parameter_list& list, const settings& s, const tls_plan& tls) {
  list.add("sslmode", ssl_mode(tls.mode));
  list.add("sslrootcert", tls.ca_file.empty() ? no_file : std::string_view{tls.ca_file});
  list.add("sslcert", s.tls.cert_file.empty() ? no_file : std::string_view{s.tls.cert_file});
  list.add("sslkey", s.tls.key_file.empty() ? no_file : std::string_view{s.tls.key_file});
  list.add("gssencmode", "disable");
}

void fill(parameter_list& list, const settings& s, const tls_plan& tls, const credential& who,
          std::string_view address) {
  list.add("host", s.server.host);
  list.add("hostaddr", address);
  list.add("port", s.server.port.value_or(default_port));
  list.add("dbname", s.database.empty() ? who.user : s.database);
  list.add("user", who.user);
  list.add("password", who.password.reveal());
  list.add("passfile", no_file);
  list.add("application_name", s.application_name);
  list.add("client_encoding", "UTF8");
  list.add("target_session_attrs", "any");
  const auto options = start_options(s.engine);
  list.add("options", options.empty() ? " " : std::string_view{options}); // not PGOPTIONS
  add_tls(list, s, tls);
  add_keepalives(list, s.engine);
}

struct attempt {
  result<pg_connection> outcome;
  connect_step step = connect_step::tcp;
};

connect_failure failure_of(PGconn* c, connect_step step) {
  return {step, PQerrorMessage(c), PQconnectionNeedsPassword(c) == 1};
}

error wait_failure(wait_status status, connect_step step, const connect_target& to) {
  if (status == wait_status::timed_out) return connect_timeout_error(step, to);
  error e = wait_error(status, "connecting to " + to.peer);
  e.connection_usable = false;
  return e;
}

task<attempt> shake_hands(runtime& rt, pg_connection c, const connect_target& to, deadline until) {
  auto next = PGRES_POLLING_WRITING; // as the manual says: as if the last poll had said so
  auto step = connect_step::tcp;
  while (next != PGRES_POLLING_OK && PQstatus(c.get()) != CONNECTION_BAD) {
    step = step_of(PQstatus(c.get()));
    const auto events = next == PGRES_POLLING_READING ? io::read : io::write;
    const auto waited = co_await rt.wait(PQsocket(c.get()), events, until);
    if (waited != wait_status::ready) co_return attempt{wait_failure(waited, step, to), step};
    // Read anew: the wait after the socket's connect ends in the next step already.
    next = PQconnectPoll(c.get());
    if (next == PGRES_POLLING_FAILED) break;
  }
  if (PQstatus(c.get()) == CONNECTION_OK) co_return attempt{std::move(c), step};
  co_return attempt{connect_error(failure_of(c.get(), step), to), step};
}

/// What libpq takes from the environment whatever it is told, where that would mislead us.
std::optional<error> misled(PGconn* c, const settings& s) {
  std::string why;
  const char* const dates = PQparameterStatus(c, "DateStyle"); // null before the login
  if (s.server.is_socket() && *PQhostaddr(c) != '\0')
    why = "PGHOSTADDR leads libpq to " + std::string{PQhostaddr(c)} + " instead of the socket " +
          peer_of(s) + ": unset it";
  else if (s.engine.pooler == pooler_mode::none && dates &&
           !std::string_view{dates}.starts_with("ISO"))
    why = "the session's DateStyle is \"" + std::string{dates} +
          "\", and we read ISO: unset PGDATESTYLE, or take datestyle out of postgres.options";
  if (why.empty()) return std::nullopt;
  error e = make_error(errc::invalid_configuration, std::move(why));
  e.connection_usable = false;
  return e;
}

/// One address. `address` is empty for a Unix socket.
task<result<pg_connection>> connect_to(runtime& rt, const settings& s, const tls_plan& tls,
                                       const credential& who, const connect_target& to,
                                       std::string address, deadline until) {
  pg_connection c;
  {
    parameter_list list;
    fill(list, s, tls, who, address);
    c.reset(list.start());
  }
  if (!c) co_return make_error(errc::out_of_memory, "no memory for a connection");
  if (std::string text = PQerrorMessage(c.get());
      PQstatus(c.get()) == CONNECTION_BAD && errno_in(text) == 0)
    co_return refused_settings_error(std::move(text), to);
  if (auto wrong = misled(c.get(), s)) co_return std::move(*wrong);
  // From here the texts of errors end in their SQLSTATE.
  PQsetErrorVerbosity(c.get(), PQERRORS_SQLSTATE);
  PQsetNoticeReceiver(
      c.get(), [](void*, const PGresult*) {}, nullptr);
  auto tried = co_await shake_hands(rt, std::move(c), to, until);
  if (tried.outcome)
    if (auto wrong = misled(tried.outcome->get(), s)) co_return std::move(*wrong);
  if (tried.outcome || tried.step != connect_step::tls) co_return std::move(tried.outcome);
  if (tried.outcome.error().code != errc::tls_failed) co_return std::move(tried.outcome);
  tls_probe_target probe{s.server.host, std::move(address), s.server.port.value_or(default_port),
                         tls.mode, tls.ca_file};
  const auto found = co_await probe_tls(rt, std::move(probe), until);
  error e = tls_error(found, to);
  e.native_message = std::move(tried.outcome.error().native_message);
  co_return e;
}

bool is_address(const std::string& host) noexcept {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return ::inet_pton(AF_INET, host.c_str(), out.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

task<result<std::vector<address>>> resolve(runtime& rt, const settings& s, deadline until) {
  if (!s.resolver) co_return co_await rt.resolve(s.server.host, until);
  auto ask = [&s] { return s.resolver(s.server.host); };
  auto told = co_await rt.offload(ask);
  if (!told) co_return std::move(told.error());
  std::vector<address> found;
  for (auto& text : *told) found.push_back({std::move(text)});
  co_return found;
}

task<result<credential>> ask_for_credential(runtime& rt, const credential_provider& provider) {
  if (!provider) co_return credential{};
  auto ask = [&provider] { return provider(); };
  co_return co_await rt.offload(ask);
}

/// Another address may do better only if this one could not be talked to.
bool worth_another(const error& e) noexcept {
  return e.code == errc::host_unreachable || e.code == errc::connect_refused ||
         e.code == errc::connect_timeout;
}

task<result<pg_connection>> connect_as(runtime& rt, const settings& s, const tls_plan& tls,
                                       const credential& who, const std::vector<address>& found,
                                       deadline until) {
  const connect_target to{peer_of(s), s.database.empty() ? who.user : s.database, who.user};
  result<pg_connection> last = connect_timeout_error(connect_step::tcp, to);
  auto left = static_cast<duration::rep>(found.size());
  for (const auto& a : found) {
    const auto now = rt.now();
    const auto share = deadline::after(now, until.remaining(now) / left--);
    last = co_await connect_to(rt, s, tls, who, to, a.text, share);
    if (last || !worth_another(last.error())) break;
  }
  co_return last;
}

} // namespace

bool is_named(const host_port& server) noexcept {
  return !server.is_socket() && !is_address(server.host);
}

task<result<std::vector<address>>> addresses_of(runtime& rt, const settings& s, deadline until) {
  const host_port& server = s.server;
  if (server.is_socket()) co_return std::vector<address>{address{}};
  if (!is_named(server)) co_return std::vector<address>{address{server.host}};
  auto found = co_await resolve(rt, s, until);
  if (found && found->empty())
    co_return make_error(errc::name_not_resolved, "the name " + server.host + " has no address");
  co_return found;
}

task<result<entered>> connect(runtime& rt, const settings& s, deadline until) {
  const auto tls = plan_tls(s);
  if (!tls) co_return tls.error();
  auto who = co_await ask_for_credential(rt, s.credentials);
  if (!who) co_return std::move(who.error());
  const auto found = co_await addresses_of(rt, s, until);
  if (!found) co_return found.error();
  auto made = co_await connect_as(rt, s, *tls, *who, *found, until);
  if (!made && made.error().code == errc::authentication_failed) {
    // The pair may have been rotated between our reading it and the server's check.
    auto now = co_await ask_for_credential(rt, s.credentials);
    if (!now || *now == *who) co_return std::move(made.error());
    who = std::move(now);
    made = co_await connect_as(rt, s, *tls, *who, *found, until);
  }
  if (!made) co_return std::move(made.error());
  entered in{std::move(*made), is_named(s.server) ? *found : std::vector<address>{},
             std::move(*who)};
  co_return in;
}

} // namespace holdfast::drivers::postgres
