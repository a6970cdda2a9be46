#pragma once

#include <filesystem>
#include <optional>
#include <sys/types.h>

/// The small things postgres_server needs of PostgreSQL's own files.
namespace holdfast::testing {

[[nodiscard]] std::optional<std::filesystem::path> newest_postgres_programs();
[[nodiscard]] int programs_version(const std::filesystem::path& programs);
[[nodiscard]] int data_version(const std::filesystem::path& data);
/// The System V segment that a killed server left behind, named in its postmaster.pid.
[[nodiscard]] std::optional<int> shared_memory_id(const std::filesystem::path& data);
/// Is this child of a server a client's backend (and not the checkpointer or the like)?
[[nodiscard]] bool serves_a_client(pid_t pid);

} // namespace holdfast::testing
