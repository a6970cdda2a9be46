#include "base/option.hpp"
#include "base/text.hpp"

#include <holdfast/config.hpp>

#include <array>
#include <utility>

namespace holdfast {
namespace {

error missing(const std::string& message) {
  return make_error(errc::invalid_configuration, message);
}

result<secret> from_variable(const std::string& name, const config_sources& sources) {
  auto value = sources.variable(name);
  if (!value || value->empty())
    return missing("password_env names " + name + ", and that variable is not set");
  secret password{*value};
  detail::wipe(*value);
  return password;
}

result<secret> from_file(const std::string& path, const config_sources& sources) {
  auto file = sources.file(path);
  if (!file) return missing("password_file: " + file.error().message);
  std::string_view line{file->text};
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  secret password{line};
  detail::wipe(file->text);
  if (password.empty()) return missing("password_file: the first line of " + path + " is empty");
  return password;
}

// The next field of a pgpass line, unescaped; the rest stays in `line`.
std::string take_field(std::string_view& line) {
  std::string field;
  while (!line.empty()) {
    char c = line.front();
    line.remove_prefix(1);
    if (c == ':') break;
    if (c == '\\' && !line.empty()) {
      c = line.front();
      line.remove_prefix(1);
    }
    field += c;
  }
  return field;
}

bool matches(std::string_view line, const std::array<std::string, 4>& wanted, secret& password) {
  for (const auto& want : wanted) {
    const bool any = line.starts_with("*:");
    const std::string field = take_field(line);
    if (!any && field != want) return false;
  }
  std::string found = take_field(line);
  password = secret{found};
  detail::wipe(found);
  return true;
}

// host:port:database:user:password, the first line that fits.
secret find_pgpass(std::string_view text, const connection_target& target, const host_port& host) {
  const auto port = host.port ? host.port : target.port;
  const bool local = host.host.empty() || host.is_socket();
  const std::array<std::string, 4> wanted{local ? "localhost" : host.host,
                                          std::to_string(port.value_or(5432)), target.database,
                                          target.user};
  secret password;
  for (auto line : detail::split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    if (matches(line, wanted, password)) return password;
  }
  return {};
}

result<secret> from_pgpass(const database_config& config, const host_port& host,
                           const config_sources& sources) {
  std::string path = config.options.credentials.pgpass_file;
  const bool named = !path.empty();
  if (!named) {
    const auto home = sources.variable("HOME");
    if (!home || home->empty()) return secret{};
    path = *home + "/.pgpass";
  }
  auto file = sources.file(path);
  if (!file) {
    if (!named) return secret{};
    return missing("pgpass_file: " + file.error().message);
  }
  secret password = find_pgpass(file->text, config.target, host);
  detail::wipe(file->text);
  if (!password.empty() && file->readable_by_others)
    return missing("the password file " + path + " may be read by others; chmod 600 it");
  return password;
}

result<secret> read_password(const database_config& config, const host_port& host,
                             const config_sources& sources) {
  const auto& from = config.options.credentials;
  if (!from.password.empty()) return from.password;
  if (!from.password_env.empty()) return from_variable(from.password_env, sources);
  if (!from.password_file.empty()) return from_file(from.password_file, sources);
  if (detail::is_postgres(config.target.scheme)) return from_pgpass(config, host, sources);
  return secret{};
}

} // namespace

result<credential> read_credential(const database_config& config, const host_port& host,
                                   const config_sources& sources) {
  if (config.options.credentials.provider) return config.options.credentials.provider();
  auto password = read_password(config, host, sources);
  if (!password) return std::move(password).error();
  return credential{config.target.user, *std::move(password)};
}

} // namespace holdfast
