#include "testing/child_process.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <optional>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

struct process_state {
  char state = '?';
  pid_t parent = 0;
};

/// /proc/PID/stat is "pid (name) state ppid ...", and the name may hold anything.
std::optional<process_state> read_state(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line,
               '\0'); // no iterators: a process that ends meanwhile would make them throw
  const auto close = line.rfind(')');
  if (close == std::string::npos || close + 4 >= line.size()) return std::nullopt;
  process_state found;
  found.state = line[close + 2];
  std::from_chars(line.data() + close + 4, line.data() + line.size(), found.parent);
  return found;
}

bool living(char state) { return state != 'Z' && state != 'X'; }

[[noreturn]] void give_up(const char* what) noexcept {
  const char* reason = std::strerror(errno);
  for (const char* part : {what, ": ", reason, "\n"})
    if (::write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  ::_exit(127);
}

/// Runs between fork and exec of a process that may have threads: system calls only.
[[noreturn]] void become(const child_spec& spec, char* const* argv, char* const* environment,
                         pid_t parent) noexcept {
  ::setpgid(0, 0);
  ::signal(SIGXFSZ, SIG_IGN); // a server at its limit of file sizes is to be told so, not killed
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(spec.output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (in < 0 || out < 0) give_up("cannot open the output file");
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  if (spec.user) {
    const auto [uid, gid] = *spec.user;
    if (::setgroups(0, nullptr) != 0 || ::setresgid(gid, gid, gid) != 0 ||
        ::setresuid(uid, uid, uid) != 0)
      give_up("cannot change the user");
  }
  // After the change of user, which would clear it. The parent may have died before this line.
  if (spec.signal_if_parent_dies != 0) {
    ::prctl(PR_SET_PDEATHSIG, spec.signal_if_parent_dies);
    if (::getppid() != parent) ::_exit(127);
  }
  if (::chdir(spec.directory.c_str()) != 0) give_up("cannot enter the folder");
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(argv[0], argv, environment);
  give_up(argv[0]);
}

} // namespace

pid_t spawn(const child_spec& spec) {
  std::vector<char*> argv;
  argv.reserve(spec.argv.size() + 1);
  for (const auto& argument : spec.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> environment;
  for (char** one = environ; *one != nullptr; ++one) environment.push_back(*one);
  for (const auto& one : spec.environment) environment.push_back(const_cast<char*>(one.c_str()));
  environment.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid == 0) become(spec, argv.data(), environment.data(), parent);
  return pid;
}

std::optional<int> wait_exit(pid_t pid, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid) return status;
    if (ended < 0 && errno != EINTR) return 0; // somebody else reaped it
    if (std::chrono::steady_clock::now() >= until) return std::nullopt;
    std::this_thread::sleep_for(2ms);
  }
}

void freeze(pid_t pid) {
  ::kill(pid, SIGSTOP);
  for (int i = 0; i < 1000; ++i) {
    siginfo_t state{};
    ::waitid(P_PID, static_cast<id_t>(pid), &state, WSTOPPED | WEXITED | WNOHANG | WNOWAIT);
    if (state.si_pid == pid) return;
    std::this_thread::sleep_for(1ms);
  }
}

bool process_alive(pid_t pid) {
  const auto found = read_state(pid);
  return found && living(found->state);
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (failed != std::errc{} || end != name.data() + name.size()) continue;
    const auto state = read_state(pid);
    if (state && state->parent == parent && living(state->state)) found.push_back(pid);
  }
  return found;
}

} // namespace holdfast::testing
