#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace holdfast::testing {

/// The user a child runs as, when it is not our own.
struct run_as {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct child_spec {
  std::vector<std::string> argv; ///< argv[0] is the program's full path
  std::filesystem::path output;  ///< standard output and error are appended here
  std::filesystem::path directory = "/";
  std::vector<std::string> environment{}; ///< "NAME=value", besides our own
  std::optional<run_as> user;
  int signal_if_parent_dies = 0; ///< sent when the *thread* that forked ends; 0: none
};

/// Forks and executes. Every descriptor but 0..2 is closed in the child, which leads a process
/// group of its own, so that a terminal's Ctrl-C does not reach it.
/// Throws std::system_error when no process can be made. A program that cannot be executed ends
/// with status 127 and a line in `output`.
[[nodiscard]] pid_t spawn(const child_spec& spec);

/// Waits for the child to end and reaps it; its wait status, or nullopt when `limit` passed.
[[nodiscard]] std::optional<int> wait_exit(pid_t pid, std::chrono::milliseconds limit);

/// Stops a child of ours (SIGSTOP) and waits, for a second at most, until all its threads stand or
/// it has ended: a fork that was under way is complete then.
void freeze(pid_t pid);

/// Is this process running code (neither gone nor a zombie)?
[[nodiscard]] bool process_alive(pid_t pid);

/// The living direct children of a process, from /proc.
[[nodiscard]] std::vector<pid_t> children_of(pid_t parent);

} // namespace holdfast::testing
