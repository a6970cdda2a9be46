// Embedded SQLite in a temporary folder, and a second process that takes the write lock and dies
// holding it.
#include "cli/demo/intruder.hpp"
#include "cli/demo/scratch.hpp"
#include "cli/demo/stage.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/sqlite.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

namespace holdfast::cli::demo {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto lock_limit = 15s;     // for the intruder to get the lock among 64 writers
constexpr auto recovery_limit = 30s; // for the callers' next write
constexpr std::int64_t bursts_a_kill = 3;

database open_file(const std::string& path, const settings& s) {
  database_options o;
  make_patient(o, s.verbose);
  o.name = "demo";
  return sqlite::connect(path, o);
}

class sqlite_stage final : public stage {
public:
  sqlite_stage(const settings& s, std::uint64_t seed)
      : file_{folder_.path() / "demo.db"}, random_{seed}, db_{open_file(file_, s)} {
    db_.script(words().tables + intruder_tables);
  }

  database db() const override { return db_; }
  dialect words() const override { return make_dialect({'?'}); }

  std::vector<std::string> promises() const override {
    return {"SQLite in " + file_ + ", every commit synced to disk.",
            "A second process takes the write lock for 50 to 400 ms at a time, and is killed "
            "(SIGKILL) in the middle of every third transaction."};
  }

  void torment(const std::stop_token& stop, time_point until, fault_log& log) override {
    auto other = std::make_unique<intruder>(file_);
    for (bursts_ = 1; clock::now() < until || killed_.empty(); ++bursts_) {
      if (!pause_for(stop, milliseconds{random_.between(100, 500)})) return;
      const bool deadly = bursts_ % bursts_a_kill == 0;
      if (deadly ? killed_burst(*other, stop, log) : whole_burst(*other, stop, log)) continue;
      if (stop.stop_requested()) return;
      other = std::make_unique<intruder>(file_);
    }
  }

  std::vector<std::string> own_findings() override {
    std::vector<std::string> found;
    for (const auto& [burst, lines] : db_.query<std::int64_t, std::int64_t>(
             "select burst, count(*) from intruder where line < 0 group by burst")) {
      if (std::ranges::find(killed_, burst) != killed_.end())
        found.push_back(fmt::format("{} rows of a process that was killed before COMMIT", lines));
      else if (lines != rows_a_burst)
        found.push_back(fmt::format("half of another process's transaction: {} rows", lines));
    }
    const auto positive =
        db_.query_value<std::int64_t>("select count(*) from intruder where line > 0").value();
    if (positive != 0) found.push_back("rows that another process had changed are as before");
    return found;
  }

  std::string shortfall(const std::vector<fault>& made) const override {
    return count_of(made, "writer_killed") > 0 ? "" : "no process was killed meanwhile";
  }

  void clean_up(const console&) override { db_.close(2s); } // the folder goes with us

private:
  /// False if the other process is gone or we are to stop.
  bool whole_burst(intruder& other, const std::stop_token& stop, fault_log& log) {
    const milliseconds hold{random_.between(50, 400)};
    other.begin_burst(bursts_, hold);
    if (!heard("locked", other, stop)) return false;
    const time_point locked = clock::now();
    const auto id = log.begin("lock_burst", locked);
    if (!heard("released", other, {}))
      throw std::runtime_error("the second process died by itself");
    // Nobody else could write until now.
    log.await_write(id, fault_log::proof::ended_after, clock::now());
    log.measure_from(id, locked);
    return log.wait_recovered(id, stop, recovery_limit);
  }

  /// Always false: the process is gone.
  bool killed_burst(intruder& other, const std::stop_token& stop, fault_log& log) {
    other.begin_burst(bursts_, lock_limit);
    if (!heard("locked", other, stop)) return false;
    killed_.push_back(bursts_);
    (void)pause_for(stop, milliseconds{random_.between(50, 400)});
    const time_point killed = clock::now();
    const auto id = log.begin("writer_killed", killed);
    other.kill_hard();
    log.await_write(id, fault_log::proof::ended_after, killed);
    log.measure_from(id, killed);
    (void)log.wait_recovered(id, stop, recovery_limit);
    return false;
  }

  static bool heard(std::string_view word, intruder& other, const std::stop_token& stop) {
    const std::string line = other.hear(stop, lock_limit);
    if (line.empty() && !stop.stop_requested())
      throw std::runtime_error("the second process ended or could not get the write lock");
    return line == word;
  }

  scratch_folder folder_; // removed last
  std::string file_;
  random_source random_;
  database db_;
  std::int64_t bursts_ = 0;
  std::vector<std::int64_t> killed_; // bursts that were never committed
};

} // namespace

std::unique_ptr<stage> make_sqlite_stage(const settings& s, std::uint64_t seed,
                                         const console& /*out*/) {
  return std::make_unique<sqlite_stage>(s, seed);
}

} // namespace holdfast::cli::demo
