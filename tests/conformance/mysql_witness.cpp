// MySQL: a throwaway MariaDB with passwords and TLS.
#include "conformance/entering.hpp"
#include "conformance/witness.hpp"
#include "testing/mariadb_server.hpp"

#include <holdfast/mysql.hpp>

#include <optional>

namespace holdfast::conformance {

namespace {

using namespace std::chrono_literals;

const words mysql_words{
    .placeholder = "?",
    .text_type = "longtext",
    .bytes_type = "longblob",
    .time_type = "time(6)",
    .timestamp_type = "datetime(6)",
    .short_lock_wait = "set innodb_lock_wait_timeout = 1",
    .running = "select count(*) from information_schema.processlist where command <> 'Sleep' and "
               "id <> connection_id() and info like ?",
    .traces = {{"a setting", "set sort_buffer_size = 777216",
                "select cast(@@sort_buffer_size as char)"},
               {"a variable", "set @mine = 7", "select coalesce(cast(@mine as char), 'none')"},
               {"a temporary table", "create temporary table mine (id bigint)",
                "select concat('rows: ', count(*)) from mine"},
               {"a character set", "set names latin1", "select @@character_set_client"},
               {"a role", "set role borrowed", "select coalesce(current_role(), 'none')"},
               {"a named lock", "do get_lock('mine', 0)",
                "select coalesce(cast(is_used_lock('mine') as char), 'free')"}},
};

testing::mariadb_server_options served(testing::server_tls tls, const std::string& password) {
  testing::mariadb_server_options o;
  o.password = password;
  o.tls = tls;
  o.addresses = "127.0.0.1,127.0.0.2"; // its certificate names the first
  o.fsync = false; // a killed process leaves what it wrote to the operating system
  o.settings = {"max_allowed_packet = 64M"};
  return o;
}

class mariadb_witness final : public witness {
public:
  mariadb_witness() {
    server_.start();
    server_.wait_ready();
    const std::string with = "@'%' identified by '" + word_ + "'";
    server_.ask("create user guest" + with);
    // Lets it enter the database, and read nothing there.
    server_.ask("grant create temporary tables on app.* to guest");
    server_.ask("create user tls_only" + with + " require ssl");
    server_.ask("grant all on app.* to tls_only");
    server_.ask("create role borrowed");
    server_.ask("grant borrowed to app");
    // Whether a database exists is told only to who might use it.
    server_.ask("grant select on no_such_place.* to app");
  }

  std::string_view name() const noexcept override { return "mysql"; }
  const words& dialect() const noexcept override { return mysql_words; }

  std::string_view lacks(need what) const noexcept override {
    if (what == need::commit_proof) return "nobody can be asked what became of a transaction";
    return {};
  }

  void clear() override {
    plain_.reset();
    if (!server_.running()) server_.start();
    server_.resume();
    server_.wait_ready();
    server_.ask("drop database if exists app");
    server_.ask("create database app character set utf8mb4");
  }
  std::string url(const entry& how) const override {
    return url_of("mysql", how, "app", word_, plain_ ? plain_->port() : server_.port(), "app");
  }
  database connect(const std::string& url, const database_options& options) const override {
    return mysql::connect(url, options);
  }

  void strike(outage what) override {
    switch (what) {
    case outage::killed: return server_.kill_hard();
    case outage::restarted: return server_.stop();
    case outage::paused: return server_.pause();
    case outage::refused: break;
    }
    throw std::logic_error("a server does not refuse by itself");
  }
  void heal(outage) override {
    server_.resume();
    server_.start();
    server_.wait_ready();
  }

  std::uint16_t port() const noexcept override { return server_.port(); }
  fault_protocol protocol() const noexcept override { return fault_protocol::mysql; }
  void set_read_only(bool on) override {
    server_.ask(std::string{"set global read_only = "} + (on ? "1" : "0"));
  }
  void offer_tls(bool on) override { // another server: it is offered from the start, or never
    plain_.reset();
    if (on) return;
    plain_.emplace(served(testing::server_tls::off, word_));
    plain_->start();
    plain_->wait_ready();
  }
  void expire_certificate(bool expired) override {
    server_.renew_certificate(expired ? -1h : std::chrono::seconds{24h});
  }
  std::string ca_file() const override { return server_.ca_file(); }
  std::string_view password() const noexcept override { return word_; }

private:
  std::string word_ = random_password();
  testing::mariadb_server server_{served(testing::server_tls::valid, word_)};
  std::optional<testing::mariadb_server> plain_;
};

} // namespace

std::unique_ptr<witness> mysql_witness() { return std::make_unique<mariadb_witness>(); }

} // namespace holdfast::conformance
