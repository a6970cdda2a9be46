// A PostgreSQL: a throwaway one that is killed and started again, or the user's own, where only
// our own connections are cut. Everything is in a schema of its own.
#include "cli/arguments.hpp"
#include "cli/demo/stage.hpp"
#include "cli/target.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/exceptions.hpp>

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <random>

namespace holdfast::cli::demo {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t fewest_kills = 2;
constexpr double seconds_a_fault = 2.4; // of the server
constexpr auto downtime = 1s;
constexpr auto recovery_limit = 30s;

/// Whose server: one of ours, of which we hold the reins, or the user's.
class postgres_stage final : public stage {
public:
  postgres_stage(const settings& s, std::uint64_t seed, const console& out)
      : random_{seed}, name_{fmt::format("holdfast_demo_{:08x}", std::random_device{}())},
        seconds_{s.seconds}, own_{s.url.empty() ? start_server(out) : nullptr} {
    target to = read_target(own_ ? own_->url() : s.url, own_ ? console{.quiet = true} : out);
    shown_ = own_ ? fmt::format("a throwaway PostgreSQL {}", own_->version()) : to.shown;
    open_all(std::move(to.config), s.verbose);
  }

  database db() const override { return *db_; }
  dialect words() const override { return make_dialect('$'); }

  std::vector<std::string> promises() const override {
    if (!own_)
      return {shown_ + ", in the schema " + name_ + ", which is dropped at the end.",
              "Our own connections there are cut, one by one and all at once; nobody else's."};
    return {
        shown_ + " on port " + std::to_string(own_->port()) + ", fsync on.",
        "Its connections are cut, and it is killed (kill -9) and started again, restarted, made "
        "to stand still, and sent through crash recovery."};
  }

  void torment(const std::stop_token& stop, time_point until, fault_log& log) override {
    const time_point began = clock::now();
    const std::size_t rounds = planned_rounds();
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto share = (static_cast<double>(round) + 0.6) / static_cast<double>(rounds);
      const auto at = began + std::chrono::duration_cast<duration>(
                                  std::chrono::duration<double>{seconds_ * share});
      if (!cut_until(at, stop, log)) return;
      own_ ? (this->*server_faults[round % server_faults.size()])(stop, log) : cut_all(stop, log);
    }
    (void)cut_until(until, stop, log);
  }

  std::string shortfall(const std::vector<fault>& made) const override {
    if (!own_)
      return count_of(made, "connection_cut") + count_of(made, "all_connections_cut") > 0
                 ? ""
                 : "no connection was cut meanwhile";
    const auto kills = count_of(made, "server_killed");
    if (kills >= fewest_kills) return {};
    return fmt::format("the server was killed {} times instead of at least {}", kills,
                       fewest_kills);
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

  [[nodiscard]] std::size_t planned_rounds() const {
    return std::max(fewest_kills, static_cast<std::size_t>(seconds_ / seconds_a_fault));
  }

  /// False when told to stop.
  bool cut_until(time_point at, const std::stop_token& stop, fault_log& log) {
    while (true) {
      const duration left = at - clock::now();
      const duration wait = milliseconds{random_.between(400, 900)};
      if (left < wait) return left <= 0s ? !stop.stop_requested() : pause_for(stop, left);
      if (!pause_for(stop, wait)) return false;
      cut("connection_cut", 1, stop, log);
    }
  }

  /// Cuts at most so many of the callers' connections, and only those.
  void cut(const char* kind, std::int64_t most, const std::stop_token& stop, fault_log& log) {
    const auto done = cutter_->try_query_value<std::int64_t>(
        "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity "
        "where application_name = $1 and pid <> pg_backend_pid() order by random() limit $2) x",
        name_, most);
    const time_point at = clock::now();
    if (!done || *done == 0) return; // nothing was cut, so nothing is claimed
    const auto id = log.begin(kind, at);
    log.await_write(id, fault_log::proof::asked_after, at);
    log.measure_from(id, at);
    (void)log.wait_recovered(id, stop, recovery_limit);
  }

  void cut_all(const std::stop_token& stop, fault_log& log) {
    cut("all_connections_cut", 1000, stop, log);
  }

  void kill_server(const std::stop_token& stop, fault_log& log) {
    const time_point at = clock::now();
    own_->kill_hard();
    const auto id = log.begin("server_killed", at);
    (void)pause_for(stop, downtime);
    start_again(id, stop, log);
  }

  void restart_server(const std::stop_token& stop, fault_log& log) {
    const auto id = log.begin("server_restarted", clock::now());
    own_->stop(testing::postgres_server::stop_mode::fast);
    start_again(id, stop, log);
  }

  void start_again(fault_log::id id, const std::stop_token& stop, fault_log& log) {
    log.await_write(id, fault_log::proof::ended_after, clock::now());
    own_->start();
    own_->wait_ready(); // a caller may be faster than this look
    log.measure_from(id, clock::now());
    (void)log.wait_recovered(id, stop, recovery_limit);
  }

  void pause_server(const std::stop_token& stop, fault_log& log) {
    const time_point at = clock::now();
    own_->pause();
    const auto id = log.begin("server_paused", at);
    (void)pause_for(stop, downtime);
    const time_point goes_on = clock::now();
    log.await_write(id, fault_log::proof::ended_after, goes_on);
    log.measure_from(id, goes_on);
    own_->resume();
    (void)log.wait_recovered(id, stop, recovery_limit);
  }

  /// The server ends all sessions and recovers as after a crash; from the moment that the last one
  /// is gone a write can only end well on a new one.
  void kill_backend(const std::stop_token& stop, fault_log& log) {
    const time_point at = clock::now();
    if (!own_->kill_one_backend()) return;
    const auto id = log.begin("backend_killed", at);
    const deadline until = deadline::after(at, recovery_limit);
    while (own_->serves_anybody() && !until.expired(clock::now())) (void)pause_for(stop, 1ms);
    log.await_write(id, fault_log::proof::ended_after, clock::now());
    log.measure_from(id, at);
    (void)log.wait_recovered(id, stop, recovery_limit);
  }

  using server_fault = void (postgres_stage::*)(const std::stop_token&, fault_log&);
  /// In this order and again; the shortest demo has the first two.
  static constexpr std::array<server_fault, 6> server_faults{
      &postgres_stage::kill_server,  &postgres_stage::kill_server,  &postgres_stage::restart_server,
      &postgres_stage::pause_server, &postgres_stage::kill_backend, &postgres_stage::cut_all};

  random_source random_;
  std::string name_; // of the schema, and of our sessions
  double seconds_;
  std::unique_ptr<testing::postgres_server> own_;
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
