// PostgreSQL: a throwaway server with passwords and TLS.
#include "conformance/entering.hpp"
#include "conformance/witness.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/postgres.hpp>

#include <fstream>
#include <sstream>
#include <thread>

namespace holdfast::conformance {

namespace {

using namespace std::chrono_literals;

const words postgres_words{
    .bytes_type = "bytea",
    .short_lock_wait = "set lock_timeout = '100ms'",
    .running = "select count(*) from pg_stat_activity where state = 'active' and "
               "pid <> pg_backend_pid() and query like $1",
    .traces = {{"a setting", "set work_mem = '777kB'", "select current_setting('work_mem')"},
               {"a temporary table", "create temporary table mine (id bigint)",
                "select 'rows: ' || count(*) from mine"},
               {"a role", "set role borrowed", "select current_user::text"},
               {"an advisory lock", "do $$ begin perform pg_advisory_lock(4711); end $$",
                "select 'locks: ' || count(*) from pg_locks where locktype = 'advisory'"}},
};

testing::postgres_server_options served() {
  testing::postgres_server_options o;
  o.password = random_password();
  o.tls = testing::server_tls::valid;
  o.addresses = "127.0.0.1,127.0.0.2"; // its certificate names the first
  o.fsync = false; // a killed process leaves what it wrote to the operating system
  o.settings = {"deadlock_timeout = 50ms"};
  return o;
}

/// `hostssl` alone lets `tls_only` in: its line has to stand before the others.
void demand_tls(const testing::postgres_server& server, std::string_view user) {
  const auto file = server.data_dir() / "pg_hba.conf";
  std::ostringstream before;
  before << std::ifstream{file}.rdbuf();
  std::ofstream{file} << "hostnossl all " << user << " all reject\n" << before.str();
}

class postgres_server_witness final : public witness {
public:
  postgres_server_witness() : server_{served()} {
    demand_tls(server_, tls_only);
    server_.start();
    server_.wait_ready();
    auto boss = enter_as_boss();
    boss.execute("create database shop");
    boss.script("create role app login password '" + app_ +
                "'; "
                "create role guest login password '" +
                app_ +
                "'; "
                "create role tls_only login password '" +
                app_ +
                "'; "
                "create role borrowed; grant borrowed to app");
  }

  std::string_view name() const noexcept override { return "postgres"; }
  const words& dialect() const noexcept override { return postgres_words; }

  void clear() override {
    if (!server_.running()) server_.start();
    server_.resume();
    server_.wait_ready();
    auto boss = enter_as_boss("shop");
    boss.script("drop schema public cascade; create schema public authorization app; "
                "grant usage on schema public to public");
  }
  std::string url(const entry& how) const override {
    return url_of("postgresql", how, "app", app_, server_.port(), "shop");
  }
  database connect(const std::string& url, const database_options& options) const override {
    return postgres::connect(url, options);
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
  void set_read_only(bool on) override {
    const std::string wanted = on ? "on" : "off";
    set("default_transaction_read_only = " + wanted);
    const auto seen = [&] { // by who comes from now on
      database_options o;
      o.log.enabled = false;
      return connect(url({}), o).query_value<std::string>("show default_transaction_read_only");
    };
    for (const time_point until = clock::now() + 10s; seen() != wanted;) {
      if (clock::now() > until) throw std::runtime_error("the server does not reload its settings");
      std::this_thread::sleep_for(5ms);
    }
  }
  void offer_tls(bool on) override { set(on ? "ssl = on" : "ssl = off"); }
  void expire_certificate(bool expired) override {
    server_.renew_certificate(expired ? -1h : std::chrono::seconds{24h});
  }
  std::string ca_file() const override { return server_.ca_file(); }
  std::string_view password() const noexcept override { return app_; }

private:
  [[nodiscard]] database enter_as_boss(const char* to = "postgres") const {
    database_options o;
    o.log.enabled = false;
    o.pool.min_size = 1;
    o.pool.max_size = 1;
    o.postgres.options = "-c default_transaction_read_only=off";
    std::string url = server_.url();
    url.replace(url.rfind('/') + 1, std::string::npos, to);
    return postgres::connect(url, o);
  }
  void set(const std::string& setting) const {
    auto boss = enter_as_boss();
    boss.execute("alter system set " + setting);
    (void)boss.query_value<bool>("select pg_reload_conf()");
  }

  std::string app_ = random_password();
  testing::postgres_server server_;
};

} // namespace

std::unique_ptr<witness> postgres_witness() { return std::make_unique<postgres_server_witness>(); }

} // namespace holdfast::conformance
