// PostgreSQL: a throwaway server that is killed and restarted, or the user's own, on which only our
// own connections are cut.
#include "cli/commands.hpp"
#include "cli/demo/stage.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/postgres.hpp>

#include <fmt/format.h>
#include <random>

namespace holdfast::cli {

namespace {

using namespace std::chrono_literals;

class postgres_stage final : public stage {
public:
  postgres_stage(const demo_options& options, std::uint64_t seed)
      : random_{seed}, name_{fmt::format("holdfast_demo_{:08x}", random_() & 0xffffffffU)},
        url_{options.url} {
    if (!url_.empty()) return;
    server_ = std::make_unique<testing::postgres_server>();
    server_->start();
    server_->wait_ready();
    url_ = server_->url();
  }

  [[nodiscard]] std::string announcement() const override {
    if (server_)
      return fmt::format("a throwaway PostgreSQL {}. All of its processes are killed (SIGKILL) and "
                         "it is started again; single connections are cut.",
                         server_->version());
    return "your own PostgreSQL, in the schema " + name_ +
           " that is dropped at the end. Only the demo's own connections are cut.";
  }

  database open(database_options options) override {
    database_options own = quiet();
    admin_ = std::make_unique<database>(postgres::connect(url_, own));
    admin_->execute("create schema " + name_);
    options.application_name = name_;
    options.postgres.options = "-c search_path=" + name_;
    return postgres::connect(url_, options);
  }

  void do_harm(std::stop_token stop, fault_log& faults, double seconds) override {
    const auto began = clock::now();
    const auto at = [&](double share) {
      return began +
             std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds * share));
    };
    if (!server_) {
      while (pause_for(stop, 1500ms)) cut_one(faults);
      return;
    }
    const struct {
      double share;
      bool kills;
    } plan[] = {{0.1, false}, {0.2, true}, {0.45, false}, {0.55, true}, {0.85, false}};
    for (const auto& next : plan) {
      if (!pause_for(stop, at(next.share) - clock::now())) return;
      if (next.kills)
        kill_server(stop, faults);
      else
        cut_one(faults);
    }
  }

  [[nodiscard]] std::string check(database&) override { return {}; }

  [[nodiscard]] std::string missing(const fault_log& faults, double seconds) const override {
    const std::size_t kills = faults.survived("server_killed");
    if (!server_ || seconds < 10 || kills >= 2) return {};
    return fmt::format("only {} kills of the server were survived", kills);
  }

  void clean_up(database&) noexcept override {
    if (admin_) (void)admin_->try_execute("drop schema " + name_ + " cascade");
  }

private:
  static database_options quiet() {
    database_options o;
    o.log.enabled = false;
    o.pool.min_size = 1;
    o.pool.max_size = 1;
    o.application_name = "holdfast demo faults";
    return o;
  }

  void kill_server(const std::stop_token& stop, fault_log& faults) {
    const std::size_t f = faults.begin("server_killed");
    server_->kill_hard();
    pause_for(stop, 1s);
    server_->start();
    server_->wait_ready();
    faults.await_recovery(f, clock::now(), 20s);
  }

  void cut_one(fault_log& faults) {
    const std::size_t f = faults.begin("connection_cut");
    (void)admin_->try_query<bool>(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 "
        "order by random() limit 1",
        name_);
    faults.await_recovery(f, clock::now(), 10s);
  }

  std::mt19937_64 random_;
  std::string name_;
  std::string url_;
  std::unique_ptr<testing::postgres_server> server_;
  std::unique_ptr<database> admin_; // before the server goes
};

} // namespace

std::unique_ptr<stage> make_postgres_stage(const demo_options& options, std::uint64_t seed) {
  return std::make_unique<postgres_stage>(options, seed);
}

} // namespace holdfast::cli
