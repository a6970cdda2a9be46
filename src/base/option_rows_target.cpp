#include "base/option_rows.hpp"

namespace holdfast::detail {

void add_target_rows(std::vector<option>& rows) {
  row_builder any{rows};
  row_builder net{rows, applies_to::network};
  row_builder pg{rows, applies_to::postgres};
  any.add(
      "name", [](auto& c) -> auto& { return c.options.name; }, no_bounds,
      "What logs and metrics call the database.");
  any.add(
      "preset", [](auto& c) -> auto& { return c.options.preset; }, no_bounds,
      "A set of values for a load, below everything that is set by hand.");
  pg.add(
      "service", [](auto& c) -> auto& { return c.target.service; }, no_bounds,
      "A section of PostgreSQL's service file (PGSERVICEFILE, or ~/.pg_service.conf).");
  net.add(
      "host", [](auto& c) -> auto& { return c.target.hosts; }, no_bounds,
      "The server or servers; better written in the URL.");
  net.add(
      "port", [](auto& c) -> auto& { return c.target.port; }, no_bounds,
      "The port of hosts that name none; empty: the engine's own.");
  net.add(
      "user", [](auto& c) -> auto& { return c.target.user; }, no_bounds,
      "Who logs in; else the operating system's user.");
  any.add(
      "database", [](auto& c) -> auto& { return c.target.database; }, no_bounds,
      "The database's name; for SQLite the file, or `:memory:`.");
  net.add(
         "password", [](auto& c) -> auto& { return c.options.credentials.password; }, no_bounds,
         "The password itself; rather use one of the next two.")
      .takes = "a secret, as text (better: password_env or password_file)";
  net.add(
         "password_env", [](auto& c) -> auto& { return c.options.credentials.password_env; },
         no_bounds, "The environment variable that holds the password; read at each connect.")
      .takes = "the name of an environment variable";
  net.add_path(
      "password_file", [](auto& c) -> auto& { return c.options.credentials.password_file; },
      "A file whose first line is the password; read at each connect.");
  pg.add_path(
      "pgpass_file", [](auto& c) -> auto& { return c.options.credentials.pgpass_file; },
      "PostgreSQL's password file, asked when nothing else gives a password; empty: "
      "~/.pgpass.");
  net.add(
      "application_name", [](auto& c) -> auto& { return c.options.application_name; }, no_bounds,
      "How the server lists our sessions.");
  any.add(
      "after_connect", [](auto& c) -> auto& { return c.options.after_connect; }, no_bounds,
      "SQL that prepares each session: run after each connect, and again after each reset.");
  any.add(
      "start", [](auto& c) -> auto& { return c.options.start; }, no_bounds,
      "`connect` fails at once when no connection can be made; `lazy` waits for the first "
      "use.");
  any.add(
      "deadline", [](auto& c) -> auto& { return c.options.deadline; }, positive_time,
      "Longest operation, retries included, unless the call brings its own.");
  net.add(
      "tls.mode", [](auto& c) -> auto& { return c.options.tls.mode; }, no_bounds,
      "`automatic` is `verify_full`, but `disable` for a local host (socket, 127/8, ::1, "
      "localhost).");
  net.add_path(
      "tls.ca_file", [](auto& c) -> auto& { return c.options.tls.ca_file; },
      "Whom to trust; empty: the system's bundle.");
  net.add_path(
      "tls.cert_file", [](auto& c) -> auto& { return c.options.tls.cert_file; },
      "Our own certificate, with `tls.key_file`.");
  net.add_path(
      "tls.key_file", [](auto& c) -> auto& { return c.options.tls.key_file; },
      "The key of `tls.cert_file`.");
}

void add_watch_rows(std::vector<option>& rows) {
  row_builder b{rows};
  b.add(
      "operation_keys.enabled", [](auto& c) -> auto& { return c.options.operation_keys.enabled; },
      no_bounds, "Check for the operation-key table when the database is opened.");
  b.add(
      "operation_keys.retention",
      [](auto& c) -> auto& { return c.options.operation_keys.retention; },
      between(7 * 86400.0, 3650 * 86400.0),
      "How long a key answers for its operation; older ones are deleted in the background, and "
      "their tokens are `unknown`.");
  b.add(
      "operation_keys.create_table",
      [](auto& c) -> auto& { return c.options.operation_keys.create_table; }, no_bounds,
      "Make the table where it is missing.");
  b.add(
      "health.interval", [](auto& c) -> auto& { return c.options.health.interval; }, positive_time,
      "How often health is checked.");
  b.add(
      "health.timeout", [](auto& c) -> auto& { return c.options.health.timeout; }, positive_time,
      "Longest health check.");
  b.add(
      "health.latency_threshold",
      [](auto& c) -> auto& { return c.options.health.latency_threshold; }, positive_time,
      "A check that takes longer is reported.");
  b.add(
      "health.failure_threshold",
      [](auto& c) -> auto& { return c.options.health.failure_threshold; }, between(1, 1'000'000),
      "Failed checks in a row that are reported.");
  b.add(
      "health.utilisation_threshold",
      [](auto& c) -> auto& { return c.options.health.utilisation_threshold; }, share,
      "Share of `pool.max_size` in use that is reported.");
  b.add(
      "log.enabled", [](auto& c) -> auto& { return c.options.log.enabled; }, no_bounds,
      "Log the database's events.");
  b.add(
      "log.level", [](auto& c) -> auto& { return c.options.log.level; }, no_bounds,
      "The least severe that is logged.");
  b.add(
      "log.format", [](auto& c) -> auto& { return c.options.log.format; }, no_bounds,
      "For people, or one JSON object a line.");
  b.add_path(
      "log.file", [](auto& c) -> auto& { return c.options.log.file; }, "Where to; empty: stderr.");
  b.add(
      "log.burst", [](auto& c) -> auto& { return c.options.log.burst; }, between(1, 1'000'000),
      "Alike lines a window that are written one by one; the rest is counted.");
  b.add(
      "log.window", [](auto& c) -> auto& { return c.options.log.window; }, positive_time,
      "Length of that window.");
  b.add(
      "metrics.enabled", [](auto& c) -> auto& { return c.options.metrics.enabled; }, no_bounds,
      "Count for Prometheus.");
}

void add_engine_rows(std::vector<option>& rows) {
  row_builder pg{rows, applies_to::postgres};
  pg.add(
      "postgres.options", [](auto& c) -> auto& { return c.options.postgres.options; }, no_bounds,
      "Server settings for each session, as PGOPTIONS: `-c search_path=shop`.");
  pg.add(
      "postgres.pooler", [](auto& c) -> auto& { return c.options.postgres.pooler; }, no_bounds,
      "`transaction` where a PgBouncer stands between: no session state, no named statements.");
  pg.add(
      "postgres.statement_cache_size",
      [](auto& c) -> auto& { return c.options.postgres.statement_cache_size; }, between(0, 100'000),
      "Prepared statements kept on each connection; 0 keeps none.");
  pg.add(
      "postgres.keepalive_idle", [](auto& c) -> auto& { return c.options.postgres.keepalive_idle; },
      range{1, 86400}, "TCP: silence before the first probe.");
  pg.add(
      "postgres.keepalive_interval",
      [](auto& c) -> auto& { return c.options.postgres.keepalive_interval; }, range{1, 86400},
      "TCP: time between probes.");
  pg.add(
      "postgres.keepalive_count",
      [](auto& c) -> auto& { return c.options.postgres.keepalive_count; }, between(1, 100),
      "TCP: unanswered probes until the peer counts as gone.");
  row_builder my{rows, applies_to::mysql};
  my.add(
      "mysql.statement_cache_size",
      [](auto& c) -> auto& { return c.options.mysql.statement_cache_size; }, between(1, 100'000),
      "Prepared statements kept on each connection, counted against the server's "
      "max_prepared_stmt_count.");
  row_builder lite{rows, applies_to::sqlite};
  lite.add(
      "sqlite.journal_mode", [](auto& c) -> auto& { return c.options.sqlite.journal_mode; },
      no_bounds, "PRAGMA journal_mode; `wal` lets readers run beside the writer.");
  lite.add(
      "sqlite.synchronous", [](auto& c) -> auto& { return c.options.sqlite.synchronous; },
      no_bounds, "PRAGMA synchronous; below `full` power loss may take acknowledged commits.");
  lite.add(
      "sqlite.foreign_keys", [](auto& c) -> auto& { return c.options.sqlite.foreign_keys; },
      no_bounds, "Enforce foreign keys.");
  lite.add(
      "sqlite.create", [](auto& c) -> auto& { return c.options.sqlite.create; }, no_bounds,
      "Make the file where it is missing.");
  lite.add(
      "sqlite.read_only", [](auto& c) -> auto& { return c.options.sqlite.read_only; }, no_bounds,
      "Never write.");
  lite.add(
      "sqlite.statement_cache_size",
      [](auto& c) -> auto& { return c.options.sqlite.statement_cache_size; }, between(0, 100'000),
      "Prepared statements kept on each connection; 0 keeps none.");
  lite.add(
      "sqlite.cache_bytes", [](auto& c) -> auto& { return c.options.sqlite.cache_bytes; },
      between(64 * 1024.0, 64.0 * 1024 * 1024 * 1024), "Page cache of each connection.");
}

} // namespace holdfast::detail
