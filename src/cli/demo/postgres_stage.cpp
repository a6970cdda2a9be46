// A PostgreSQL: a throwaway one that is killed and started again, or the user's own, where only
// our own connections are cut. Everything is in a schema of its own.
#include "cli/arguments.hpp"
#include "cli/demo/server_stage.hpp"
#include "cli/target.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/exceptions.hpp>

#include <fmt/format.h>
#include <optional>
#include <random>

namespace holdfast::cli::demo {

namespace {

using namespace std::chrono_literals;

/// Whose server: one of ours, of which we hold the reins, or the user's.
class postgres_stage final : public server_stage<testing::postgres_server> {
public:
  postgres_stage(const settings& s, std::uint64_t seed, const console& out)
      : server_stage{s, seed, s.url.empty() ? start_server(out) : nullptr},
        name_{fmt::format("holdfast_demo_{:08x}", std::random_device{}())} {
    target to = read_target(own_ ? own_->url() : s.url, own_ ? console{.quiet = true} : out);
    shown_ = own_ ? fmt::format("a throwaway PostgreSQL {}", own_->version()) : to.shown;
    open_all(std::move(to.config), s.verbose);
  }

  database db() const override { return *db_; }
  dialect words() const override { return make_dialect({'$'}); }

  std::vector<std::string> promises() const override {
    if (!own_)
      return {shown_ + ", in the schema " + name_ + ", which is dropped at the end.",
              "Our own connections there are cut, one by one and all at once; nobody else's."};
    return {
        shown_ + " on port " + std::to_string(own_->port()) + ", fsync on.",
        "Its connections are cut, and it is killed (kill -9) and started again, restarted, made "
        "to stand still, and sent through crash recovery."};
  }

  void clean_up(const console& out) override {
    db_->close(2s);
    if (own_) return; // it goes with its data
    if (auto dropped = cutter_->try_script("drop schema " + name_ + " cascade"); !dropped)
      out.complain(fmt::format("holdfast demo: the schema {} could not be dropped: {}", name_,
                               to_string(dropped.error())));
  }

private:
  static std::unique_ptr<testing::postgres_server> start_server(const console& out) {
    if (!out.json) out.say("Starting a throwaway PostgreSQL …");
    testing::postgres_server_options o;
    o.password = fmt::format("{:x}", std::random_device{}() + 0x1'0000'0000ULL);
    auto server = std::make_unique<testing::postgres_server>(std::move(o));
    server->start();
    server->wait_ready();
    return server;
  }

  void open_all(database_config config, bool verbose) {
    if (config.target.scheme != "postgresql")
      throw usage_error("--url takes a PostgreSQL server, as postgresql://user@host/database");
    database_options& o = config.options;
    o.name = "demo";
    o.application_name = name_;
    make_patient(o, verbose);
    std::string& session = o.postgres.options;
    session += (session.empty() ? "" : " ") + ("-c search_path=" + name_);
    db_.emplace(open(config));
    o.application_name = name_ + "_cutter";
    o.name = "demo_cutter";
    o.pool.min_size = 0;
    o.pool.max_size = 1;
    cutter_.emplace(open(config));
    cutter_->script("create schema " + name_);
    if (auto made = db_->try_script(words().tables); !made) {
      (void)cutter_->try_script("drop schema " + name_ + " cascade");
      throw_error(std::move(made.error()));
    }
  }

  std::int64_t cut_connections(std::int64_t most) override {
    const auto done = cutter_->try_query_value<std::int64_t>(
        "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity "
        "where application_name = $1 and pid <> pg_backend_pid() order by random() limit $2) x",
        name_, most);
    return done ? done->value_or(0) : 0;
  }

  std::vector<fault_maker> own_faults() override {
    return {[this](const std::stop_token& stop, fault_log& log) { kill_backend(stop, log); }};
  }

  /// The server ends all sessions and recovers as after a crash; from the moment that the last one
  /// is gone a write can only end well on a new one.
  void kill_backend(const std::stop_token& stop, fault_log& log) {
    if (!insist(stop, [this] { return own_->kill_one_backend(); })) return;
    const time_point at = clock::now();
    const auto id = log.begin("backend_killed", at);
    const deadline until = deadline::after(at, recovery_limit);
    while (own_->serves_anybody() && !until.expired(clock::now())) (void)pause_for(stop, 1ms);
    log.await_write(id, fault_log::proof::ended_after, clock::now());
    log.measure_from(id, at);
    (void)log.wait_recovered(id, stop, recovery_limit);
  }

  std::string name_; // of the schema, and of our sessions
  std::string shown_;
  std::optional<database> db_;
  std::optional<database> cutter_; // never cut itself
};

} // namespace

std::unique_ptr<stage> make_postgres_stage(const settings& s, std::uint64_t seed,
                                           const console& out) {
  return std::make_unique<postgres_stage>(s, seed, out);
}

} // namespace holdfast::cli::demo
