// Replication by GTID: a replica, its promotion, and the way back for who was demoted.
#include "testing/mariadb_server.hpp"

namespace holdfast::testing {

namespace {

std::string seconds_of(std::chrono::milliseconds limit) {
  return std::to_string(static_cast<double>(limit.count()) / 1000);
}

} // namespace

void mariadb_server::follow(const mariadb_server& primary) {
  if (!options_.binary_log) fail("a server without a binary log cannot follow another");
  // A former primary begins where its own log ended. The lines are repeated at each start.
  following_ = "set global gtid_slave_pos = @@global.gtid_binlog_pos;\n"
               "change master to master_host = '" +
               primary.address() + "', master_port = " + std::to_string(primary.port()) +
               ", master_user = 'root', master_password = " + sql_literal(primary.password()) +
               ", master_use_gtid = slave_pos, master_connect_retry = 1;\n"
               "start slave;\n";
  write_configuration();
  if (running()) (void)ask("set global read_only = on; stop slave; " + following_);
}

void mariadb_server::promote(std::chrono::milliseconds limit) {
  if (following_.empty()) fail("a server that is no replica cannot be promoted");
  (void)ask("stop slave io_thread");
  const std::string received = ask("show slave status", "Gtid_IO_Pos");
  if (ask("select master_gtid_wait('" + received + "', " + seconds_of(limit) + ")") != "0")
    fail("the replica did not replay in time what it had received");
  following_.clear();
  write_configuration();
  (void)ask("stop slave; reset slave all; set global read_only = off");
}

void mariadb_server::wait_caught_up(const mariadb_server& primary,
                                    std::chrono::milliseconds limit) const {
  const std::string there = primary.ask("select @@global.gtid_binlog_pos");
  if (ask("select master_gtid_wait('" + there + "', " + seconds_of(limit) + ")") != "0")
    fail("the replica has not caught up in time");
}

} // namespace holdfast::testing
