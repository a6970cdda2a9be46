#include <holdfast/config.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <pwd.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace holdfast {
namespace {

std::optional<std::string> process_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

error unreadable(const std::string& path, const std::string& why) {
  return make_error(errc::invalid_configuration, "cannot read " + path + ": " + why);
}

result<file_text> process_file(const std::string& path) {
  constexpr off_t most = 1024 * 1024; // a configuration, not /dev/zero
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0)
    return unreadable(path, std::generic_category().message(errno));
  if (S_ISDIR(about.st_mode)) return unreadable(path, "it is a folder");
  if (about.st_size > most) return unreadable(path, "it is larger than 1 MiB");
  std::ifstream in{path, std::ios::binary};
  if (!in) return unreadable(path, std::generic_category().message(errno));
  std::string text(static_cast<std::size_t>(most), '\0');
  in.read(text.data(), most); // bounded also where a pipe tells no size
  if (in.bad()) return unreadable(path, "the read failed");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return file_text{std::move(text), (about.st_mode & (S_IRWXG | S_IRWXO)) != 0};
}

std::string process_user() {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr)
    return {};
  return found->pw_name;
}

std::vector<std::string> process_variable_names() {
  std::vector<std::string> names;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view entry{*each};
    names.emplace_back(entry.substr(0, entry.find('=')));
  }
  return names;
}

} // namespace

config_sources config_sources::process() {
  return {process_variable, process_file, process_user, process_variable_names};
}

} // namespace holdfast
