#include "chaos/lock_holder.hpp"

#include "testing/child_process.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <sqlite3.h>
#include <stdexcept>
#include <thread>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_start = 5s;
constexpr auto longest_end = 5s;

bool says_locked(const std::filesystem::path& output) {
  std::string line;
  return static_cast<bool>(std::getline(std::ifstream{output}, line)) && line == "locked";
}

} // namespace

int hold_lock(const std::string& file) {
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  sqlite3* opened = nullptr;
  const int code = sqlite3_open(file.c_str(), &opened);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> db{opened, &sqlite3_close};
  sqlite3_busy_timeout(opened, 5000);
  const auto run = [&](const char* text) {
    return sqlite3_exec(opened, text, nullptr, nullptr, nullptr);
  };
  // Small, so that its rows are in the log before it commits.
  if (code != SQLITE_OK || run("pragma cache_size = 1") != SQLITE_OK ||
      run("begin immediate") != SQLITE_OK ||
      run("insert into entry select -id - 1 from account, (select 1 union select 2)") != SQLITE_OK)
    return 1;
  std::puts("locked");
  std::fflush(stdout);
  int which = 0;
  ::sigwait(&ends, &which);
  return run("rollback") == SQLITE_OK ? 0 : 1;
}

lock_holder::lock_holder(const std::filesystem::path& folder, const std::string& file) {
  const auto output = folder / "holder";
  std::filesystem::remove(output);
  pid_ = testing::spawn({.argv = {"/proc/self/exe", hold_lock_word, file},
                         .output = output,
                         .user = std::nullopt,
                         .signal_if_parent_dies = SIGKILL});
  const auto limit = std::chrono::steady_clock::now() + longest_start;
  while (!says_locked(output)) {
    if (std::chrono::steady_clock::now() > limit || !testing::process_alive(pid_)) {
      kill_hard();
      throw std::runtime_error("the second process did not get the lock");
    }
    std::this_thread::sleep_for(1ms);
  }
}

lock_holder::~lock_holder() { kill_hard(); }

void lock_holder::pause() { ::kill(pid_, SIGSTOP); }
void lock_holder::resume() { ::kill(pid_, SIGCONT); }
void lock_holder::release() { end(SIGTERM); }
void lock_holder::kill_hard() { end(SIGKILL); }

void lock_holder::end(int signal) {
  if (pid_ == 0) return;
  ::kill(pid_, signal);
  if (!testing::wait_exit(pid_, longest_end)) throw std::runtime_error("the second process lives");
  pid_ = 0;
}

} // namespace holdfast::matrix
