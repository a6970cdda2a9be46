#include "conformance/intruder.hpp"

#include "testing/child_process.hpp"

#include <holdfast/sqlite.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace holdfast::conformance {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;

} // namespace

intruder::intruder(const std::string& file, const std::filesystem::path& report) {
  std::filesystem::remove(report);
  const testing::child_spec spec{.argv = {"/proc/self/exe", hold_command, file},
                                 .output = report,
                                 .user = {},
                                 .signal_if_parent_dies = SIGKILL};
  pid_ = testing::spawn(spec);
  std::error_code none;
  const time_point until = clock::now() + patience;
  while (std::filesystem::file_size(report, none) == 0 || none) {
    if (clock::now() >= until || !testing::process_alive(pid_)) {
      kill_hard();
      throw std::runtime_error("the other process did not get the write lock");
    }
    std::this_thread::sleep_for(2ms);
  }
}

void intruder::pause() { ::kill(pid_, SIGSTOP); }

void intruder::let_go() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGCONT);
  ::kill(pid_, SIGUSR1);
  if (!testing::wait_exit(pid_, patience))
    throw std::runtime_error("the other process does not let go");
  pid_ = 0;
}

void intruder::kill_hard() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  (void)testing::wait_exit(pid_, patience);
  pid_ = 0;
}

int hold_write_lock(const std::string& file) {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr); // before any thread is there
  database_options o;
  o.log.enabled = false;
  auto db = sqlite::connect(file, o);
  db.execute("create table if not exists intruder (id bigint)");
  db.transaction({.deadline = 60s}, [&](transaction& tx) {
    tx.execute("insert into intruder values (1)");
    std::puts("held");
    std::fflush(stdout);
    int signal = 0;
    ::sigwait(&wanted, &signal);
  });
  return 0;
}

} // namespace holdfast::conformance
