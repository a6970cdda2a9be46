#include "testing/postgres_files.hpp"

#include <arpa/inet.h>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <random>
#include <sstream>
#include <stdexcept>
#include <sys/file.h>
#include <sys/socket.h>
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

int leading_number(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string first_line_of(const std::string& command) {
  std::string line;
  std::FILE* pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return line;
  char buffer[512];
  if (std::fgets(buffer, sizeof buffer, pipe) != nullptr) line = buffer;
  ::pclose(pipe);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

bool can_listen_on(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  const int on = 1; // as PostgreSQL does; a port in TIME_WAIT is free for it
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return free;
}

} // namespace

file_lock::file_lock(const fs::path& path)
    : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), path.string());
  while (::flock(descriptor_, LOCK_EX) != 0)
    if (errno != EINTR) break;
}

file_lock::~file_lock() { ::close(descriptor_); }

fs::path make_temporary_folder(const std::string& prefix) {
  std::string name = "/tmp/" + prefix + "XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "cannot make a folder in /tmp");
  return name;
}

void write_private_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  file << text;
}

std::string end_of_file(const fs::path& path, std::size_t bytes) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(0, file.tellg()));
  file.seekg(static_cast<std::streamoff>(size > bytes ? size - bytes : 0));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::uint16_t free_port() {
  std::random_device random;
  std::uniform_int_distribution<int> below_ephemeral(20000, 32000);
  for (int tries = 0; tries < 100; ++tries) {
    const auto port = static_cast<std::uint16_t>(below_ephemeral(random));
    if (can_listen_on(port)) return port;
  }
  throw std::runtime_error("no free port on 127.0.0.1 between 20000 and 32000");
}

std::string percent_encoded(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      out += c;
      continue;
    }
    out += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return out;
}

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

std::uint64_t address_space_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t pages = 0;
  file >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace holdfast::testing
