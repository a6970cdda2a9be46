// Every way in which a connect fails has its own code, at once, and names what failed.
#include "conformance/listeners.hpp"
#include "conformance/suite.hpp"

#include <array>

namespace holdfast::conformance {

namespace {

void refused(trial& t) {
  const closed_port nobody;
  const error e = t.refusal_of({.port = nobody.port()});
  t.demand_error(e, errc::connect_refused, category::connection);
  t.demand(e.message.find(std::to_string(nobody.port())) != std::string::npos,
           "the port is not named: {}", e.message);
}

void unknown_host(trial& t) {
  const error e = t.refusal_of({.host = "no-such-host.invalid"});
  t.demand_error(e, errc::name_not_resolved, category::connection);
  t.demand(e.message.find("no-such-host.invalid") != std::string::npos, "the host is not named: {}",
           e.message);
}

void silent_server(trial& t) {
  const silent_port mute;
  database_options o;
  o.pool.connect_timeout = 300ms;
  t.demand_error(t.refusal_of({.port = mute.port()}, o), errc::connect_timeout,
                 category::connection);
}

/// Something listens there and speaks another language.
void stranger(trial& t) {
  const speaking_port web{"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"};
  const error e = t.refusal_of({.port = web.port()});
  t.demand(e.kind == category::protocol || e.kind == category::connection, "told as {} {}",
           to_string(e.kind), to_string(e.code));
  t.demand(e.code != errc::connect_timeout, "it was waited for the end of a time limit");
}

void unknown_database(trial& t) {
  const error e = t.refusal_of({.database = "no_such_place"});
  t.demand_error(e, errc::unknown_database, category::request);
  t.demand(e.message.find("no_such_place") != std::string::npos, "it is not named: {}", e.message);
}

void bad_password(trial& t) {
  const error e = t.refusal_of({.password = "not-the-word"});
  t.demand_error(e, errc::authentication_failed, category::auth);
  t.demand(to_string(e).find("not-the-word") == std::string::npos, "the password is shown");
}

void tls_to_a_plain_server(trial& t) {
  t.at.offer_tls(false);
  database_options o;
  o.tls.mode = tls_mode::require;
  const bool refused = soon([&] { return thrown_by([&] { (void)t.open(o); }).has_value(); });
  t.demand(refused, "the server still offers TLS");
  t.demand_error(t.refusal_of({}, o), errc::tls_failed, category::connection);
  t.at.offer_tls(true);
}

void plain_where_tls_is_required(trial& t) {
  const entry strict{.user = std::string{witness::tls_only}};
  database_options o;
  o.tls.mode = tls_mode::disable;
  const error e = t.refusal_of(strict, o);
  t.demand(e.kind == category::auth || e.code == errc::tls_failed, "told as {} {}: {}",
           to_string(e.kind), to_string(e.code), e.message);
  o.tls.mode = tls_mode::require;
  auto db = t.open(strict, o);
  t.demand(db.query_value<long>("select 1") == 1, "not let in with TLS either");
}

void tls_certificates(trial& t) {
  database_options o;
  o.tls.mode = tls_mode::verify_full; // the system's authorities
  t.demand_error(t.refusal_of({}, o), errc::certificate_untrusted, category::connection);
  o.tls.ca_file = t.at.ca_file();
  t.demand(t.open(o).query_value<long>("select 1") == 1, "a certificate that fits is refused");
  t.demand_error(t.refusal_of({.host = "127.0.0.2"}, o), errc::certificate_mismatch,
                 category::connection);
  t.at.expire_certificate(true);
  const bool loaded = soon([&] { return thrown_by([&] { (void)t.open(o); }).has_value(); });
  t.demand(loaded, "an expired certificate is taken");
  t.demand_error(t.refusal_of({}, o), errc::certificate_expired, category::connection);
  t.at.expire_certificate(false);
  t.demand(soon([&] { return !thrown_by([&] { (void)t.open(o); }); }),
           "the renewed certificate is not taken");
}

/// All that is wrong with a URL comes at once, and nothing is opened.
void bad_url(trial& t) {
  const std::string url = t.at.url({}) + "?no_such_option=1&pool.max_size=many";
  const auto e = thrown_by([&] { (void)t.at.connect(url, {}); });
  t.demand(e.has_value(), "it was opened");
  if (!e) return;
  t.demand_error(*e, errc::invalid_configuration, category::configuration);
  for (const char* key : {"no_such_option", "pool.max_size"})
    t.demand(e->message.find(key) != std::string::npos, "{} is not named: {}", key, e->message);
}

/// Opening never touches the network where it was told so; the first call says what is wrong.
void lazy_start(trial& t) {
  database_options o;
  o.start = start_mode::lazy;
  o.retry.on_outage = on_outage::fail_fast;
  auto db = t.open({.database = "no_such_place"}, o);
  t.demand_error(db.try_query_value<long>("select 1"), errc::unknown_database, category::request);
}

constexpr std::array table{
    test_case{"connect_refused", refused, need::server},
    test_case{"connect_unknown_host", unknown_host, need::server},
    test_case{"connect_silent_server", silent_server, need::server},
    test_case{"connect_another_protocol", stranger, need::server},
    test_case{"connect_unknown_database", unknown_database},
    test_case{"connect_bad_password", bad_password, need::logins},
    test_case{"connect_tls_to_a_plain_server", tls_to_a_plain_server, need::tls},
    test_case{"connect_plain_where_tls_is_required", plain_where_tls_is_required, need::tls},
    test_case{"connect_tls_certificates", tls_certificates, need::tls},
    test_case{"connect_bad_url", bad_url},
    test_case{"connect_lazily", lazy_start},
};

} // namespace

std::span<const test_case> connect_cases() noexcept { return table; }

} // namespace holdfast::conformance
