#include "cli/demo/intruder.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace holdfast::cli::demo {

namespace {

struct pipe_ends {
  int read = -1;
  int write = -1;
};

[[noreturn]] void fail(int code, const char* what) {
  throw std::system_error(code, std::generic_category(), what);
}

pipe_ends make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(errno, "cannot make a pipe");
  return {ends[0], ends[1]};
}

/// A group of its own, so that a terminal's Ctrl-C reaches only us.
pid_t start(const std::string& file, int in, int out) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawnattr_t how;
  ::posix_spawnattr_init(&how);
  ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
  ::posix_spawnattr_setpgroup(&how, 0);
  std::string program = "holdfast";
  std::string command = intruder_command;
  std::string path = file;
  char* argv[] = {program.data(), command.data(), path.data(), nullptr};
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, "/proc/self/exe", &files, &how, argv, environ);
  ::posix_spawnattr_destroy(&how);
  ::posix_spawn_file_actions_destroy(&files);
  if (failed != 0) fail(failed, "cannot start the second process");
  return pid;
}

} // namespace

intruder::intruder(const std::string& file) {
  const pipe_ends orders = make_pipe();
  const pipe_ends reports = make_pipe();
  to_ = orders.write;
  from_ = reports.read;
  pid_ = start(file, orders.read, reports.write);
  ::close(orders.read);
  ::close(reports.write);
}

intruder::~intruder() {
  kill_hard();
  ::close(to_);
  ::close(from_);
}

void intruder::begin_burst(std::int64_t number, std::chrono::milliseconds hold) {
  const std::string order = std::to_string(number) + " " + std::to_string(hold.count()) + "\n";
  // If it died, that shows when we listen.
  if (::write(to_, order.data(), order.size()) < 0 && errno != EPIPE) fail(errno, "intruder");
}

std::string intruder::hear(const std::stop_token& stop, std::chrono::milliseconds limit) {
  const deadline until = deadline::after(clock::now(), limit);
  while (true) {
    if (const auto end = heard_.find('\n'); end != std::string::npos) {
      std::string line = heard_.substr(0, end);
      heard_.erase(0, end + 1);
      return line;
    }
    if (stop.stop_requested() || until.expired(clock::now())) return {};
    pollfd readable{from_, POLLIN, 0};
    if (::poll(&readable, 1, 20) <= 0) continue;
    char bytes[256];
    const ssize_t got = ::read(from_, bytes, sizeof bytes);
    if (got <= 0) return {};
    heard_.append(bytes, static_cast<std::size_t>(got));
  }
}

void intruder::kill_hard() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

} // namespace holdfast::cli::demo
