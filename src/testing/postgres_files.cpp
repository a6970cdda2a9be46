#include "testing/postgres_files.hpp"

#include "testing/server_files.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <unistd.h>

namespace holdfast::testing {

namespace fs = std::filesystem;

namespace {

constexpr int oldest_version = 13;

bool holds_server(const fs::path& folder) {
  return ::access((folder / "postgres").c_str(), X_OK) == 0 &&
         ::access((folder / "initdb").c_str(), X_OK) == 0;
}

} // namespace

std::optional<fs::path> newest_postgres_programs() {
  std::optional<fs::path> best;
  int best_version = oldest_version - 1;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = leading_number(entry.path().filename().string());
    if (version <= best_version || !holds_server(entry.path() / "bin")) continue;
    best = entry.path() / "bin";
    best_version = version;
  }
  if (best) return best;
  const fs::path named = first_line_of("pg_config --bindir 2>/dev/null");
  if (named.empty() || !holds_server(named)) return std::nullopt;
  if (programs_version(named) < oldest_version) return std::nullopt;
  return named;
}

int programs_version(const fs::path& programs) {
  const std::string line = first_line_of((programs / "postgres").string() + " --version");
  const auto digit = line.find_first_of("0123456789"); // postgres (PostgreSQL) 15.8 ...
  return digit == std::string::npos ? 0 : leading_number(std::string_view(line).substr(digit));
}

int data_version(const fs::path& data) {
  return leading_number(end_of_file(data / "PG_VERSION", 16));
}

std::optional<int> shared_memory_id(const fs::path& data) {
  std::ifstream file(data / "postmaster.pid");
  std::string line;
  for (int number = 1; number <= 7; ++number)
    if (!std::getline(file, line)) return std::nullopt;
  std::istringstream fields(line); // "key id"
  long key = 0;
  int id = -1;
  if (!(fields >> key >> id)) return std::nullopt;
  return id;
}

bool serves_a_client(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  std::string title;
  std::getline(file, title); // no iterators: a process that ends meanwhile would make them throw
  // "postgres: user database 127.0.0.1(port) state", or "[local]" for the socket.
  return title.find("127.0.0.1(") != std::string::npos ||
         title.find("[local]") != std::string::npos;
}

} // namespace holdfast::testing
