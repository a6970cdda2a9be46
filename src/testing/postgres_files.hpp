#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

/// The small things postgres_server needs of the file system and of PostgreSQL's own files.
namespace holdfast::testing {

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

[[nodiscard]] std::optional<std::filesystem::path> newest_postgres_programs();
[[nodiscard]] int programs_version(const std::filesystem::path& programs);
[[nodiscard]] int data_version(const std::filesystem::path& data);
/// The System V segment that a killed server left behind, named in its postmaster.pid.
[[nodiscard]] std::optional<int> shared_memory_id(const std::filesystem::path& data);
/// Is this child of a server a client's backend (and not the checkpointer or the like)?
[[nodiscard]] bool serves_a_client(pid_t pid);
/// Of a process, in bytes; 0 when it is gone.
[[nodiscard]] std::uint64_t address_space_of(pid_t pid);

} // namespace holdfast::testing
