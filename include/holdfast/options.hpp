#pragma once

#include <holdfast/host_role.hpp>
#include <holdfast/log_options.hpp>
#include <holdfast/pool_options.hpp>
#include <holdfast/resilience_options.hpp>
#include <holdfast/result.hpp>
#include <holdfast/secret.hpp>
#include <holdfast/time.hpp>
#include <holdfast/url.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// One thing that is wrong in a configuration. All texts are safe to show: secrets are masked.
struct violation {
  std::string key{};    ///< "pool.max_size", or the unknown key as it was written
  std::string origin{}; ///< "holdfast.toml:12", "HOLDFAST_POOL_MAX_SIZE", "URL parameter …", "code"
  std::string given{};
  std::string takes{};
};

/// `pool.max_size (holdfast.toml:12): given 0; takes a count from 1 to 10000`
[[nodiscard]] std::string to_string(const violation&);

/// A set of values for a load, under whatever is set by hand; the reference page lists them.
enum class preset : std::uint8_t { standard, high_traffic };

enum class start_mode : std::uint8_t {
  connect, ///< opening fails, with the reason, when no connection can be made
  lazy,    ///< opening never touches the network
};

enum class tls_mode : std::uint8_t {
  automatic, ///< verify_full, but none to a local host (socket, 127/8, ::1, localhost)
  disable,
  require, ///< encrypted, to whoever answers
  verify_ca,
  verify_full, ///< and the certificate names the host
};

struct tls_options {
  tls_mode mode = tls_mode::automatic;
  std::string ca_file{}; ///< empty: the system's bundle
  std::string cert_file{};
  std::string key_file{};
};

/// What `automatic` means for this host; other modes are returned as they are.
[[nodiscard]] tls_mode effective_tls_mode(const tls_options&, const host_port&) noexcept;

/// A user and a password that belong together.
struct credential {
  std::string user{};
  secret password{};

  friend bool operator==(const credential&, const credential&) = default;
};
/// Asked anew at each connect, on a thread that may block.
using credential_provider = std::function<result<credential>()>;

/// Where the password comes from: at most one of the first three. Read anew at each connect, so
/// that a rotated password is picked up: once a connect succeeded with it, the connections that
/// entered with the old one are replaced, none while it is in use.
struct credential_options {
  secret password{};
  std::string password_env{};  ///< the name of an environment variable
  std::string password_file{}; ///< its first line
  /// PostgreSQL, when none of the above gives one; empty: ~/.pgpass.
  std::string pgpass_file{};
  /// Instead of all of these; in code only. It may give each connect a token of its own, so another
  /// one replaces no connection: `pool.max_lifetime` does.
  credential_provider provider{};
};

struct operation_key_options {
  bool enabled = false;
  /// How long a key answers for its operation. Older ones are deleted in the background; of them
  /// `outcome_of` a token says `unknown`. At least a week.
  duration retention = std::chrono::hours{24 * 7};
  /// Make the table at the first connect where it is missing.
  bool create_table = true;
};

/// Results kept for reads that may be served stale; there are none until a call asks.
struct stale_options {
  /// Dropped at this age, whatever a call would take.
  duration max_age = std::chrono::minutes{5};
  std::uint32_t max_entries = 1000;
  std::uint64_t max_bytes = 16 * 1024 * 1024; ///< about; a larger result is not kept
};

struct health_options {
  std::optional<duration> interval = std::chrono::seconds{10};
  duration timeout = std::chrono::seconds{2};
  std::optional<duration> latency_threshold = std::chrono::seconds{1};
  /// Failed checks in a row.
  std::optional<std::uint32_t> failure_threshold = 3;
  /// In use or connecting, as a share of `pool.max_size`.
  std::optional<double> utilisation_threshold = 0.9;
};

/// The hosts of the URL. With one host only the last two count.
struct host_options {
  enum class wanted : std::uint8_t {
    read_write, ///< writes go to the one that takes them: asked of the servers, again and again
    any,        ///< all alike, as poolers in front of one server: the first that is up
  };
  wanted target = wanted::read_write;
  /// Where calls that only read go, unless they say so themselves.
  holdfast::read read = holdfast::read::primary;
  /// How far behind a replica may be that is read from; empty: however far.
  std::optional<duration> max_staleness = std::chrono::seconds{5};
  /// How often each host is asked what it is. A replica is seen as staler than it is by up to twice
  /// this. While nobody takes writes they are asked every 10 to 150 ms.
  duration check_interval = std::chrono::milliseconds{500};
  duration check_timeout = std::chrono::seconds{1};
  /// A name is looked up at each connect, and this often besides. Connections to an address that
  /// two answers in a row do not name are replaced as they come free.
  std::optional<duration> lookup_interval = std::chrono::seconds{10};
  /// The addresses of a host's name, in code only: for a service registry. Asked at each connect,
  /// on a thread that may block, so it must itself end in time. None: the system's resolver.
  std::function<result<std::vector<std::string>>(const std::string& name)> resolver{};
};

struct metrics_options {
  bool enabled = true;
};

enum class pooler_mode : std::uint8_t {
  none,
  transaction, ///< a PgBouncer in between: no session state, no named statements
};

struct postgres_options {
  /// Server settings for each session, as `psql` takes them in PGOPTIONS: "-c search_path=shop".
  std::string options{};
  pooler_mode pooler = pooler_mode::none;
  /// Prepared statements kept on each connection, least recently used out first; 0 keeps none.
  std::uint32_t statement_cache_size = 256;
  /// TCP: silence before the first probe, between probes, and probes until the peer counts as gone.
  std::optional<duration> keepalive_idle = std::chrono::seconds{30};
  duration keepalive_interval = std::chrono::seconds{10};
  std::uint32_t keepalive_count = 3;
};

struct mysql_options {
  /// Prepared statements kept on each connection, least recently used out first; at least one is.
  /// The server counts those of all connections against its max_prepared_stmt_count (16,382).
  std::uint32_t statement_cache_size = 128;
};

enum class sqlite_journal_mode : std::uint8_t { wal, remove, truncate, persist, memory };
enum class sqlite_synchronous : std::uint8_t { off, normal, full, extra };

struct sqlite_options {
  sqlite_journal_mode journal_mode = sqlite_journal_mode::wal;
  /// `full`: an acknowledged commit survives power loss; `normal` may lose the last ones.
  sqlite_synchronous synchronous = sqlite_synchronous::full;
  bool foreign_keys = true;
  bool create = true;     ///< make the file where it is missing
  bool read_only = false; ///< never write
  std::uint32_t statement_cache_size = 64;
  std::uint64_t cache_bytes = 2 * 1024 * 1024; ///< page cache of each connection
};

/// Everything that can be set about one database. Every field has a default; zero never means "for
/// ever"; an empty optional means "off" or "no limit". `docs/reference/options.md` lists each with
/// its key, URL parameter and environment variable.
struct database_options {
  std::string name{}; ///< for logs and metrics; empty: the database's own
  holdfast::preset preset = preset::standard;
  pool_options pool{};
  retry_options retry{};
  /// Connects to Redis have their own pace.
  retry_policy redis_connect{3, {std::chrono::milliseconds{500}, std::chrono::seconds{10}}};
  retry_budget_options retry_budget{};
  breaker_options breaker{};
  limiter_options limiter{};
  hedge_options hedge{};
  stale_options stale{};
  /// For a whole operation, retries included, unless the call brings its own.
  duration deadline = std::chrono::seconds{30};
  start_mode start = start_mode::connect;
  tls_options tls{};
  credential_options credentials{};
  std::string application_name = "holdfast"; ///< how the server lists our sessions
  /// SQL that prepares each session, such as `set search_path to shop`: run after each connect, and
  /// again after each reset, so it must bear repetition. Several statements, parted by semicolons.
  /// A connect on which it fails has failed. No secrets: `config show` prints it. Not together with
  /// a transaction pooler, behind which no session is ours.
  std::string after_connect{};
  operation_key_options operation_keys{};
  health_options health{};
  host_options hosts{};
  log_options log{};
  metrics_options metrics{};
  postgres_options postgres{};
  mysql_options mysql{};
  sqlite_options sqlite{};

  /// Everything that is out of range or does not fit together; empty if all is well.
  [[nodiscard]] std::vector<violation> validate() const;
};

} // namespace holdfast
