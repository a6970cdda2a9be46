// A primary with a replica by GTID, without whose receipt no commit is acknowledged.
#include "chaos/mysql_ground.hpp"

namespace holdfast::matrix {

namespace {

testing::mariadb_server_options logged() {
  auto o = fast_mariadb();
  o.binary_log = true;
  // An hour of waiting for the other, once it is asked for.
  o.settings = {"rpl_semi_sync_slave_enabled = ON", "rpl_semi_sync_master_timeout = 3600000",
                "rpl_semi_sync_master_wait_point = AFTER_SYNC"};
  return o;
}

testing::mariadb_server_options elsewhere(std::uint16_t port) {
  auto o = logged();
  o.addresses = "127.0.0.2";
  o.port = port;
  return o;
}

class replicated final : public server_pair {
public:
  replicated() {
    standby_.start();
    standby_.wait_ready();
    standby_.wait_caught_up(at_.server);
    at_.server.ask("set global rpl_semi_sync_master_enabled = ON");
  }

  server_ground& first() override { return at_; }
  std::string url() const override {
    return "mysql://app@127.0.0.1:" + std::to_string(at_.port()) +
           ",127.0.0.2:" + std::to_string(standby_.port()) + "/app";
  }
  std::string url_of_name(const std::string& host) const override {
    return "mysql://app@" + host + ":" + std::to_string(at_.port()) + "/app";
  }
  void take_over() override {
    standby_.promote();
    at_.follow(standby_);
  }
  void step_down() override {
    at_.server.stop();
    at_.server.follow(standby_);
    at_.server.start();
  }
  /// Read-only: nothing here counts promotions.
  void come_back() override {
    at_.server.follow(standby_);
    at_.start();
  }
  std::optional<std::size_t> most_refusals() const override { return std::nullopt; }
  std::int64_t sessions_at_the_first() override {
    return std::stoll(
        at_.server.ask("select count(*) from information_schema.processlist where user = 'app'"));
  }

private:
  mysql_ground at_{logged()};
  /// Another address of this machine, and the same port: what a name would lead to.
  testing::mariadb_server standby_{at_.server, elsewhere(at_.port())};
};

} // namespace

std::unique_ptr<server_pair> mysql_ground::pair() const { return std::make_unique<replicated>(); }

} // namespace holdfast::matrix
