#include "testing/server_files.hpp"

#include <arpa/inet.h>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <future>
#include <iterator>
#include <netinet/in.h>
#include <pwd.h>
#include <random>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace holdfast::testing {

namespace fs = std::filesystem;

namespace {

bool can_listen_on(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  const int on = 1; // as the servers do; a port in TIME_WAIT is free for it
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

std::optional<fs::path> program_named(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/local/sbin/", "/usr/bin/", "/usr/local/bin/"})
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  return std::nullopt;
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

std::optional<run_as> unprivileged_user(std::initializer_list<const char*> names,
                                        const char* package) {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* name : names)
    if (const passwd* entry = ::getpwnam(name)) return run_as{entry->pw_uid, entry->pw_gid};
  throw server_error(std::string("the server is not to run as root, and there is no user `") +
                     *names.begin() + "` to run it as; Debian's package " + package + " makes one");
}

void give_to(const std::optional<run_as>& user, const fs::path& path) {
  if (!user) return;
  const auto give = [&](const fs::path& one) {
    if (::lchown(one.c_str(), user->uid, user->gid) != 0)
      throw server_error("cannot give " + one.string() + " to the server's user");
  };
  give(path);
  if (!fs::is_directory(path)) return;
  for (const auto& entry : fs::recursive_directory_iterator(path)) give(entry.path());
}

void limit_resource(const std::optional<run_as>& user, const std::vector<pid_t>& processes,
                    int resource, std::uint64_t limit) {
  const auto set = [&](pid_t pid) {
    const rlimit wanted{limit, RLIM_INFINITY};
    if (::prlimit(pid, static_cast<__rlimit_resource>(resource), &wanted, nullptr) == 0) return;
    if (errno != ESRCH)
      throw server_error(std::string{"this machine does not let the server be limited: "} +
                         std::strerror(errno));
  };
  const auto set_all = [&] {
    // Not even root may limit another user's process everywhere; that user may. The C library would
    // change every thread's user, the kernel changes this one's.
    if (user && (::syscall(SYS_setresgid, user->gid, user->gid, user->gid) != 0 ||
                 ::syscall(SYS_setresuid, user->uid, user->uid, user->uid) != 0))
      throw server_error("cannot become the server's user");
    for (const pid_t pid : processes) set(pid);
  };
  std::async(std::launch::async, set_all).get();
}

std::uint64_t address_space_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t pages = 0;
  file >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace holdfast::testing
