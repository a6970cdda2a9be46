#include "drivers/postgres/witness.hpp"

#include "drivers/postgres/numbers.hpp"

namespace holdfast::drivers::postgres {
namespace {

std::string_view cell(const PGresult* r, int column) noexcept {
  return {PQgetvalue(r, 0, column), static_cast<std::size_t>(PQgetlength(r, 0, column))};
}

} // namespace

const char* who_is_there_sql() noexcept {
  // The control file's timeline lags by seconds after a promotion; that of the WAL does not.
  return "select (select system_identifier from pg_control_system())::text, "
         "case when pg_is_in_recovery() then null else "
         "('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint "
         "end, "
         "(select (extract(epoch from stats_reset) * 1000000)::bigint from pg_stat_bgwriter), "
         "pg_backend_pid(), "
         "(select (extract(epoch from backend_start) * 1000000)::bigint from pg_stat_activity "
         "where pid = pg_backend_pid())";
}

void transaction_witness::note_server(const PGresult* r, bool shares_session) {
  incarnation found;
  backend who;
  const bool whole = PQntuples(r) == 1 && read_number(cell(r, 0), found.system) &&
                     read_number(cell(r, 1), found.timeline) &&
                     read_number(cell(r, 2), found.reset);
  if (!whole) return; // a standby, or statistics that were never reset
  if (!shares_session && !(read_number(cell(r, 3), who.pid) && read_number(cell(r, 4), who.start)))
    who = {};
  server = found;
  session = who;
}

void transaction_witness::note_id(const PGresult* r) {
  if (PQntuples(r) != 1) return;
  unsure = false;
  std::uint64_t found = 0;
  if (!PQgetisnull(r, 0, 0) && read_number(cell(r, 0), found)) xid = found;
}

} // namespace holdfast::drivers::postgres
