// A MySQL or MariaDB: a throwaway one that is killed and started again, or the user's own, where
// only our own connections are cut. Everything is in a database of its own.
#include "cli/arguments.hpp"
#include "cli/demo/server_stage.hpp"
#include "cli/target.hpp"
#include "testing/mariadb_server.hpp"

#include <holdfast/exceptions.hpp>

#include <fmt/format.h>
#include <optional>
#include <random>

namespace holdfast::cli::demo {

namespace {

using namespace std::chrono_literals;

class mysql_stage final : public server_stage<testing::mariadb_server> {
public:
  mysql_stage(const settings& s, std::uint64_t seed, const console& out)
      : server_stage{s, seed, s.url.empty() ? start_server(out) : nullptr},
        name_{fmt::format("holdfast_demo_{:08x}", std::random_device{}())} {
    target to = read_target(own_ ? own_->admin_url() : s.url, own_ ? console{.quiet = true} : out);
    shown_ = own_ ? "a throwaway MariaDB" : to.shown;
    open_all(std::move(to.config), s.verbose);
  }

  database db() const override { return *db_; }
  dialect words() const override { return make_dialect({'?', false}); }

  std::vector<std::string> promises() const override {
    if (!own_)
      return {shown_ + ", in the database " + name_ + ", which is dropped at the end.",
              "Our own connections there are cut, one by one and all at once; nobody else's."};
    return {shown_ + " on port " + std::to_string(own_->port()) +
                ", innodb_flush_log_at_trx_commit = 1.",
            "Its connections are cut, and it is killed (kill -9) and started again, restarted, and "
            "made to stand still."};
  }

  void clean_up(const console& out) override {
    db_->close(2s);
    if (own_) return; // it goes with its data
    if (auto dropped = cutter_->try_script("drop database " + name_); !dropped)
      out.complain(fmt::format("holdfast demo: the database {} could not be dropped: {}", name_,
                               to_string(dropped.error())));
  }

private:
  static std::unique_ptr<testing::mariadb_server> start_server(const console& out) {
    if (!out.json) out.say("Starting a throwaway MariaDB …");
    testing::mariadb_server_options o;
    o.password = fmt::format("{:x}", std::random_device{}() + 0x1'0000'0000ULL);
    auto server = std::make_unique<testing::mariadb_server>(std::move(o));
    server->start();
    server->wait_ready();
    return server;
  }

  void open_all(database_config config, bool verbose) {
    if (config.target.scheme != "mysql")
      throw usage_error("--url takes a MySQL server, as mysql://user@host/database");
    database_options& o = config.options;
    o.name = "demo_cutter";
    make_patient(o, verbose);
    database_config apart = config;
    apart.options.pool.min_size = 0;
    apart.options.pool.max_size = 1;
    cutter_.emplace(open(apart));
    cutter_->script("create database " + name_);
    try {
      o.name = "demo";
      config.target.database = name_;
      db_.emplace(open(config));
      db_->script(words().tables);
    } catch (const database_error&) {
      (void)cutter_->try_script("drop database " + name_);
      throw;
    }
  }

  std::int64_t cut_connections(std::int64_t most) override {
    const auto sessions = cutter_->try_query<std::int64_t>(
        "select id from information_schema.processlist where db = ? order by rand() limit ?", name_,
        most);
    if (!sessions) return 0;
    std::int64_t done = 0;
    for (const std::int64_t id : *sessions)
      if (cutter_->try_script(fmt::format("kill {}", id))) ++done;
    return done;
  }

  std::string name_; // of the database
  std::string shown_;
  std::optional<database> db_;
  std::optional<database> cutter_; // never cut itself: it is in another database
};

} // namespace

std::unique_ptr<stage> make_mysql_stage(const settings& s, std::uint64_t seed, const console& out) {
  return std::make_unique<mysql_stage>(s, seed, out);
}

} // namespace holdfast::cli::demo
