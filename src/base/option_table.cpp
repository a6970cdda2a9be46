#include "base/option_rows.hpp"

#include <array>

namespace holdfast::detail {
namespace {

using kind = alias::kind;

constexpr auto aliases = std::to_array<alias>({
    {kind::variable, "DB_RETRY_MAX_ATTEMPTS", "retry.connect.max_retries"},
    {kind::variable, "DB_RETRY_BASE_DELAY", "retry.connect.base", unit::seconds},
    {kind::variable, "DB_RETRY_MAX_DELAY", "retry.connect.cap", unit::seconds},
    {kind::variable, "REDIS_RETRY_MAX_ATTEMPTS", "redis_connect.max_retries"},
    {kind::variable, "REDIS_RETRY_BASE_DELAY", "redis_connect.base", unit::seconds},
    {kind::variable, "REDIS_RETRY_MAX_DELAY", "redis_connect.cap", unit::seconds},
    {kind::libpq, "PGHOST", "host"},
    {kind::libpq, "PGPORT", "port"},
    {kind::libpq, "PGUSER", "user"},
    {kind::libpq, "PGDATABASE", "database"},
    {kind::libpq, "PGPASSWORD", "password"},
    {kind::libpq, "PGPASSFILE", "pgpass_file"},
    {kind::libpq, "PGSSLMODE", "tls.mode"},
    {kind::libpq, "PGSSLROOTCERT", "tls.ca_file"},
    {kind::libpq, "PGSSLCERT", "tls.cert_file"},
    {kind::libpq, "PGSSLKEY", "tls.key_file"},
    {kind::libpq, "PGAPPNAME", "application_name"},
    {kind::libpq, "PGOPTIONS", "postgres.options"},
    {kind::libpq, "PGCONNECT_TIMEOUT", "pool.connect_timeout", unit::seconds},
    {kind::libpq, "PGSERVICE", "service"},
    {kind::parameter, "dbname", "database"},
    {kind::parameter, "passfile", "pgpass_file"},
    {kind::parameter, "sslmode", "tls.mode"},
    {kind::parameter, "sslrootcert", "tls.ca_file"},
    {kind::parameter, "sslcert", "tls.cert_file"},
    {kind::parameter, "sslkey", "tls.key_file"},
    {kind::parameter, "options", "postgres.options"},
    {kind::parameter, "connect_timeout", "pool.connect_timeout", unit::seconds},
    {kind::parameter, "target_session_attrs", "hosts.target"},
    {kind::parameter, "keepalives_idle", "postgres.keepalive_idle", unit::seconds},
    {kind::parameter, "keepalives_interval", "postgres.keepalive_interval", unit::seconds},
    {kind::parameter, "keepalives_count", "postgres.keepalive_count"},
});

// For hundreds of callers and thousands of operations a second on one process.
constexpr auto high_traffic = std::to_array<preset_value>({
    {"pool.min_size", "20"},
    {"pool.max_size", "100"},
    {"pool.acquire_timeout", "2s"},
    {"pool.max_connecting", "8"},
    {"pool.wait_queue_limit", "10000"},
    {"retry_budget.capacity", "100"},
    {"breaker.window_calls", "1000"},
    {"breaker.minimum_calls", "50"},
    {"breaker.half_open_probes", "10"},
    {"limiter.enabled", "true"},
    {"limiter.floor", "5"},
    {"limiter.ceiling", "100"},
});

constexpr auto schemes =
    std::to_array<std::string_view>({"postgresql", "postgres", "sqlite", "mysql", "mariadb",
                                     "redis", "rediss", "mongodb", "mongodb+srv"});

std::vector<option> make_table() {
  std::vector<option> rows;
  add_target_rows(rows);
  add_host_rows(rows);
  add_pool_rows(rows);
  add_retry_rows(rows);
  add_breaker_rows(rows);
  add_degradation_rows(rows);
  add_watch_rows(rows);
  add_engine_rows(rows);
  return rows;
}

} // namespace

const std::vector<option>& option_table() {
  static const std::vector<option> table = make_table();
  return table;
}

std::span<const alias> option_aliases() noexcept { return aliases; }

std::span<const preset_value> preset_values(preset which) noexcept {
  if (which == preset::high_traffic) return high_traffic;
  return {};
}

const option* find_option(std::string_view key) noexcept {
  for (const auto& row : option_table())
    if (row.key == key) return &row;
  return nullptr;
}

std::span<const std::string_view> known_schemes() noexcept { return schemes; }

std::string_view first_name(std::string_view scheme) noexcept {
  if (scheme == "postgres") return "postgresql";
  return scheme == "mariadb" ? "mysql" : scheme;
}

bool is_postgres(std::string_view scheme) noexcept { return first_name(scheme) == "postgresql"; }

bool takes_system_user(std::string_view scheme) noexcept {
  return is_postgres(scheme) || first_name(scheme) == "mysql";
}

bool applies(const option& what, std::string_view scheme) noexcept {
  if (scheme.empty()) return true;
  switch (what.where) {
  case applies_to::all: return true;
  case applies_to::network: return scheme != "sqlite";
  case applies_to::postgres: return is_postgres(scheme);
  case applies_to::mysql: return first_name(scheme) == "mysql";
  case applies_to::redis: return scheme == "redis" || scheme == "rediss";
  case applies_to::sqlite: return scheme == "sqlite";
  }
  return true;
}

bool read_option(const option& what, unit reads, std::string_view text, database_config& out) {
  if (reads == unit::none) return what.read(out, text);
  double seconds =
      0; // a bare number, fractions allowed, and nothing else: "5m" must not read as 5ms
  if (!parse_value(text, seconds)) return false;
  return what.read(out, std::string{text} + "s");
}

} // namespace holdfast::detail
