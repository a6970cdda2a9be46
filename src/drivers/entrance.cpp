#include "drivers/entrance.hpp"

#include "drivers/way.hpp"

#include <array>
#include <unistd.h>

namespace holdfast::drivers {
namespace {

error unreadable(const char* key, const std::string& file) {
  return failed_connect(errc::invalid_configuration,
                        std::string{key} + ": the file \"" + file + "\" cannot be read");
}

/// Where this system keeps the authorities that it trusts; empty if it has none.
std::string system_ca_file() {
  constexpr auto candidates = std::to_array<const char*>({
      "/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Arch
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
      "/etc/pki/tls/certs/ca-bundle.crt",                  // older RHEL
      "/etc/ssl/ca-bundle.pem",                            // openSUSE
      "/etc/ssl/cert.pem",                                 // Alpine, BSD
  });
  for (const char* file : candidates)
    if (::access(file, R_OK) == 0) return file;
  return {};
}

task<result<std::vector<address>>> resolve(runtime& rt, const host_settings& s, deadline until) {
  if (!s.resolver) co_return co_await rt.resolve(s.server.host, until);
  auto ask = [&s] { return s.resolver(s.server.host); };
  auto told = co_await rt.offload(ask);
  if (!told) co_return std::move(told.error());
  std::vector<address> found;
  for (auto& text : *told) found.push_back({std::move(text)});
  co_return found;
}

} // namespace

result<tls_plan> plan_tls(const host_settings& s) {
  tls_plan plan{effective_tls_mode(s.tls, s.server), s.tls.ca_file};
  const std::array<std::pair<const char*, const std::string*>, 3> files{
      {{"tls.ca_file", &s.tls.ca_file},
       {"tls.cert_file", &s.tls.cert_file},
       {"tls.key_file", &s.tls.key_file}}};
  for (const auto& [key, file] : files)
    if (!file->empty() && ::access(file->c_str(), R_OK) != 0) return unreadable(key, *file);
  if (!plan.verifies() || !plan.ca_file.empty()) return plan;
  plan.ca_file = system_ca_file();
  if (plan.ca_file.empty())
    return make_error(errc::invalid_configuration,
                      "tls.ca_file: this system has no bundle of trusted authorities; name one");
  return plan;
}

task<result<std::vector<address>>> addresses_of(runtime& rt, const host_settings& s,
                                                deadline until) {
  const host_port& server = s.server;
  if (server.is_socket()) co_return std::vector<address>{address{}};
  if (!is_name(server)) co_return std::vector<address>{address{server.host}};
  auto found = co_await resolve(rt, s, until);
  if (found && found->empty())
    co_return make_error(errc::name_not_resolved, "the name " + server.host + " has no address");
  co_return found;
}

task<result<credential>> ask_for_credential(runtime& rt, const credential_provider& provider) {
  if (!provider) co_return credential{};
  auto ask = [&provider] { return provider(); };
  co_return co_await rt.offload(ask);
}

bool worth_another(const error& e) noexcept {
  return e.code == errc::host_unreachable || e.code == errc::connect_refused ||
         e.code == errc::connect_timeout;
}

} // namespace holdfast::drivers
