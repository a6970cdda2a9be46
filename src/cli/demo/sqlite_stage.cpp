// Embedded SQLite, with a second process that holds the write lock in bursts and is killed while it
// does.
#include "cli/commands.hpp"
#include "cli/demo/stage.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/sqlite.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <random>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace holdfast::cli {

namespace {

using namespace std::chrono_literals;

constexpr int rows_of_a_burst = 5;

/// The second process: writes 'L' to its standard output when it has the lock, 'U' when it let go.
class lock_holder {
public:
  lock_holder(const std::string& file, std::uint64_t seed) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"pipe: no descriptor is left"};
    const std::string number = std::to_string(seed);
    const char* argv[] = {"holdfast", "demo-lock-holder", file.c_str(), number.c_str(), nullptr};
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execv("/proc/self/exe", const_cast<char* const*>(argv));
      ::_exit(127);
    }
    ::close(ends[1]);
    read_end_ = ends[0];
  }
  lock_holder(const lock_holder&) = delete;
  lock_holder& operator=(const lock_holder&) = delete;
  ~lock_holder() { kill(); }

  /// The next letter, or 0 if none comes in time.
  char next(duration limit) const {
    pollfd p{read_end_, POLLIN, 0};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    char letter = 0;
    if (::poll(&p, 1, static_cast<int>(ms)) > 0 && ::read(read_end_, &letter, 1) == 1)
      return letter;
    return 0;
  }
  void kill() noexcept {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    if (read_end_ >= 0) ::close(read_end_);
    pid_ = -1;
    read_end_ = -1;
  }

private:
  pid_t pid_ = -1;
  int read_end_ = -1;
};

class sqlite_stage final : public stage {
public:
  explicit sqlite_stage(std::uint64_t seed) : random_{seed} {
    std::string made = (std::filesystem::temp_directory_path() / "holdfast-demo-XXXXXX").string();
    if (!::mkdtemp(made.data()))
      throw std::runtime_error{"cannot make a folder for the demo: " +
                               std::string{std::strerror(errno)}};
    folder_ = made;
  }
  ~sqlite_stage() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string announcement() const override {
    return "embedded SQLite (WAL, synchronous=FULL). A second process takes the write lock in "
           "bursts and is killed in the middle of its transactions.";
  }

  database open(database_options options) override {
    auto db = sqlite::connect(file(), options);
    db.execute("create table burst(id bigint, part bigint, primary key(id, part))");
    return db;
  }

  void do_harm(std::stop_token stop, fault_log& faults, double) override {
    std::uint64_t holder_seed = random_();
    auto holder = std::make_unique<lock_holder>(file(), holder_seed);
    auto next_kill = clock::now() + 1500ms;
    while (!stop.stop_requested()) {
      if (holder->next(200ms) != 'L') continue;
      const bool kills = clock::now() >= next_kill;
      const std::size_t f = faults.begin(kills ? "writer_killed" : "lock_burst");
      const auto locked_at = clock::now();
      if (kills) {
        pause_for(stop, std::chrono::milliseconds{20 + random_() % 60});
        holder->kill(); // in the middle of its transaction
        faults.await_recovery(f, clock::now(), 10s);
        holder = std::make_unique<lock_holder>(file(), ++holder_seed);
        next_kill = clock::now() + 2s;
        continue;
      }
      (void)locked_at;
      const bool released = holder->next(5s) == 'U';
      if (released) faults.await_recovery(f, clock::now(), 10s);
    }
  }

  [[nodiscard]] std::string check(database& db) override {
    const auto halves = db.query_value<std::int64_t>(
        "select count(*) from (select id from burst group by id having count(*) <> $1)",
        rows_of_a_burst);
    if (halves == 0) return {};
    return std::to_string(*halves) + " transactions of the killed process are there by half";
  }

  [[nodiscard]] std::string missing(const fault_log& faults, double seconds) const override {
    if (seconds < 5 || faults.survived("writer_killed") >= 1) return {};
    return "the second process was never killed while it held the lock";
  }

  void clean_up(database&) noexcept override {}

private:
  [[nodiscard]] std::string file() const { return folder_ / "demo.db"; }

  std::filesystem::path folder_;
  std::mt19937_64 random_;
};

} // namespace

std::unique_ptr<stage> make_sqlite_stage(const demo_options&, std::uint64_t seed) {
  return std::make_unique<sqlite_stage>(seed);
}

int run_lock_holder(const std::string& file, std::uint64_t seed) {
  database_options options;
  options.log.enabled = false;
  options.pool.min_size = 1;
  options.pool.max_size = 1;
  auto db = sqlite::connect(file, options);
  std::mt19937_64 random{seed};
  const auto say = [](char letter) { return ::write(STDOUT_FILENO, &letter, 1) == 1; };
  const auto between = [&](std::uint64_t low, std::uint64_t high) {
    std::this_thread::sleep_for(std::chrono::milliseconds{low + random() % (high - low)});
  };
  while (true) {
    const auto id = static_cast<std::int64_t>(random() >> 1);
    auto burst = [&](transaction& tx) {
      tx.execute("insert into burst values ($1, 0)", id);
      if (!say('L')) std::_Exit(0); // nobody listens any more
      for (int part = 1; part < rows_of_a_burst; ++part) {
        between(10, 80);
        tx.execute("insert into burst values ($1, $2)", id, part);
      }
    };
    db.transaction(burst);
    say('U');
    between(200, 700);
  }
}

} // namespace holdfast::cli
