#include "drivers/postgres/connect.hpp"

#include "drivers/greeting.hpp"
#include "drivers/postgres/connect_failure.hpp"
#include "drivers/postgres/tls_probe.hpp"

#include <array>
#include <chrono>
#include <openssl/crypto.h>
#include <optional>
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

/// How long another engine's server may take to say that it is one.
constexpr duration longest_look = std::chrono::milliseconds{300};

/// Somebody answered, and no PostgreSQL server answers so.
bool made_no_sense(const attempt& tried) noexcept {
  const error& e = tried.outcome.error();
  return tried.step != connect_step::tcp && e.native_code.empty() &&
         (e.code == errc::connection_lost || e.code == errc::tls_failed);
}

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
                                       const credential& who, connect_target to,
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
  if (tried.outcome) co_return std::move(tried.outcome);
  if (!address.empty() && made_no_sense(tried)) {
    const auto soon = earliest(until, deadline::after(rt.now(), longest_look));
    const auto speaks =
        co_await who_answers(rt, address, s.server.port.value_or(default_port), false, soon);
    if (speaks != protocol::unknown) co_return other_engine_error(speaks, protocol::postgresql, to);
  }
  if (tried.step != connect_step::tls) co_return std::move(tried.outcome);
  if (tried.outcome.error().code != errc::tls_failed) co_return std::move(tried.outcome);
  tls_probe_target probe{s.server.host, std::move(address), s.server.port.value_or(default_port),
                         tls.mode, tls.ca_file};
  const auto found = co_await probe_tls(rt, std::move(probe), until);
  error e = tls_error(found, to);
  e.native_message = std::move(tried.outcome.error().native_message);
  co_return e;
}

} // namespace

task<result<entered<pg_connection>>> connect(runtime& rt, const settings& s, deadline until) {
  auto try_address = [&s](runtime& on, const tls_plan& tls, const credential& who,
                          const std::string& address, deadline limit) {
    connect_target to{peer_of(s), s.database.empty() ? who.user : s.database, who.user};
    return connect_to(on, s, tls, who, std::move(to), address, limit);
  };
  auto entering = enter<pg_connection>(rt, s, try_address, until);
  co_return co_await std::move(entering);
}

} // namespace holdfast::drivers::postgres
