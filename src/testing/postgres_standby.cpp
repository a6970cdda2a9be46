// Streaming replication: a standby by pg_basebackup, its promotion, and the way back for who was
// demoted.
#include "testing/postgres_server.hpp"

#include <fstream>
#include <libpq-fe.h>
#include <memory>
#include <thread>

namespace holdfast::testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// One question to one server, asked until the answer is yes.
class interview {
public:
  explicit interview(const std::string& target)
      : session_{PQconnectdb((target + " dbname=postgres connect_timeout=5").c_str()), &PQfinish} {}

  [[nodiscard]] std::string ask(const std::string& sql) const {
    const std::unique_ptr<PGresult, decltype(&PQclear)> r{PQexec(session_.get(), sql.c_str()),
                                                          &PQclear};
    if (PQresultStatus(r.get()) != PGRES_TUPLES_OK)
      throw server_error(sql + ": " + PQerrorMessage(session_.get()));
    return PQgetvalue(r.get(), 0, 0);
  }
  [[nodiscard]] bool wait_until(const std::string& sql, std::chrono::milliseconds limit) const {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (ask(sql) != "t") {
      if (std::chrono::steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }

private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> session_;
};

} // namespace

std::string postgres_server::socket_target() const {
  return "host='" + folder_.string() + "' port=" + std::to_string(port_) + " user=postgres";
}

void postgres_server::copy_from(const postgres_server& primary) {
  run_tool({programs_ / "pg_basebackup", "-d", primary.socket_target(), "-D", data_dir(), "-R",
            "-X", "stream", "-c", "fast", "--no-sync"});
}

void postgres_server::follow(const postgres_server& primary) {
  if (running()) fail("a server that runs cannot begin to follow another");
  std::string target;
  for (const char c : primary.socket_target()) target += c == '\'' ? "''" : std::string(1, c);
  std::ofstream(data_dir() / "postgresql.auto.conf", std::ios::app)
      << "primary_conninfo = '" << target << "'\n";
  const fs::path signal = data_dir() / "standby.signal";
  { const std::ofstream made{signal}; }
  own(signal);
}

void postgres_server::promote(std::chrono::milliseconds limit) {
  const interview session{socket_target()};
  if (session.ask("select pg_promote(false)") != "t") fail("the standby refused to be promoted");
  if (!session.wait_until("select not pg_is_in_recovery()", limit))
    fail("the standby was not promoted in time");
}

void postgres_server::wait_caught_up(const postgres_server& primary,
                                     std::chrono::milliseconds limit) const {
  const std::string there =
      interview{primary.socket_target()}.ask("select pg_current_wal_flush_lsn()");
  if (!interview{socket_target()}.wait_until(
          "select coalesce(pg_last_wal_replay_lsn() >= '" + there + "'::pg_lsn, false)", limit))
    fail("the standby has not caught up in time");
}

} // namespace holdfast::testing
