#pragma once

#include "testing/child_process.hpp"

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

/// What the launchers of throwaway servers share: files, ports, users and limits.
namespace holdfast::testing {

/// What went wrong, with the end of the server's log where there is one.
class server_error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class server_tls { off, valid, expired };

/// Holds an exclusive lock on a file (made when missing) until destroyed.
class file_lock {
public:
  explicit file_lock(const std::filesystem::path& path);
  ~file_lock();
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;

private:
  int descriptor_;
};

/// A new folder of mode 0700 under /tmp: short enough for a socket's path, open to every user.
[[nodiscard]] std::filesystem::path make_temporary_folder(const std::string& prefix);
void write_private_file(const std::filesystem::path& path, std::string_view text);
[[nodiscard]] std::string end_of_file(const std::filesystem::path& path, std::size_t bytes);

/// A port of 127.0.0.1 that nothing listens on, below the range that the kernel gives to clients:
/// inside it, a client that reconnects to a dead server can end up connected to itself.
[[nodiscard]] std::uint16_t free_port();

[[nodiscard]] std::string percent_encoded(std::string_view text);

/// The first line that a shell command prints; empty when it prints none.
[[nodiscard]] std::string first_line_of(const std::string& command);
/// A program where Debian or a user puts programs; empty where it is not installed.
[[nodiscard]] std::optional<std::filesystem::path> program_named(const std::string& name);
/// The number at the beginning of a text; 0 when there is none.
[[nodiscard]] int leading_number(std::string_view text);

/// For root: the first of these users that this machine has, as whom a server runs that refuses
/// root. Throws `server_error` when it has none, naming Debian's package that makes one.
[[nodiscard]] std::optional<run_as> unprivileged_user(std::initializer_list<const char*> names,
                                                      const char* package);
/// Makes the file, or the folder and all in it, that user's; nobody's: as it is.
void give_to(const std::optional<run_as>& user, const std::filesystem::path& path);
/// Sets the soft limit of processes that run as that user, as RLIMIT_... names it.
void limit_resource(const std::optional<run_as>& user, const std::vector<pid_t>& processes,
                    int resource, std::uint64_t limit);
/// Of a process, in bytes; 0 when it is gone.
[[nodiscard]] std::uint64_t address_space_of(pid_t pid);

} // namespace holdfast::testing
