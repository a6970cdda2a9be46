// The way into a server on a network that does not depend on its engine: files, credential, name,
// one address after the other.
#pragma once

#include "drivers/connect_errors.hpp"
#include "drivers/host_settings.hpp"

#include <holdfast/result.hpp>
#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

#include <string>
#include <utility>
#include <vector>

namespace holdfast::drivers {

/// What TLS is asked for, with `automatic` and the system's bundle resolved.
struct tls_plan {
  tls_mode mode = tls_mode::disable;
  std::string ca_file{};

  [[nodiscard]] bool verifies() const noexcept {
    return mode == tls_mode::verify_ca || mode == tls_mode::verify_full;
  }
};
/// Errors: invalid_configuration for a file that cannot be read.
[[nodiscard]] result<tls_plan> plan_tls(const host_settings& s);

/// The addresses of the host: of a name as the resolver gives them, of an address that; of a socket
/// one that is empty.
[[nodiscard]] task<result<std::vector<address>>> addresses_of(runtime& rt, const host_settings& s,
                                                              deadline until);

[[nodiscard]] task<result<credential>> ask_for_credential(runtime& rt,
                                                          const credential_provider& provider);

/// Another address may do better only if this one could not be talked to.
[[nodiscard]] bool worth_another(const error& e) noexcept;

template <class Link>
struct entered {
  Link link;
  std::vector<address> found; ///< for the host's name; empty where it has none
  credential as;              ///< what the server took
};

/// How one connect is tried: `try_address(rt, tls, who, address, until)` gives a
/// `task<result<Link>>`; `default_database` stands for an empty database's name in messages.
template <class Link, class TryAddress>
task<result<Link>> enter_as(runtime& rt, const tls_plan& tls, const credential& who,
                            const std::vector<address>& found, TryAddress& try_address,
                            deadline until) {
  result<Link> last = failed_connect(errc::connect_timeout, "no time was left to connect");
  auto left = static_cast<duration::rep>(found.size());
  for (const address& a : found) {
    const time_point now = rt.now();
    const auto share = deadline::after(now, until.remaining(now) / left--);
    auto trying = try_address(rt, tls, who, a.text, share);
    auto tried = co_await std::move(trying);
    last = std::move(tried);
    if (last || !worth_another(last.error())) break;
  }
  co_return last;
}

/// The whole handshake. Each address of the host is given its share of the time; the first that the
/// server itself answers from decides. A credential that is refused is read once more, and tried
/// once more if it is another one by then. `try_address` outlives the task.
template <class Link, class TryAddress>
task<result<entered<Link>>> enter(runtime& rt, const host_settings& s, TryAddress& try_address,
                                  deadline until) {
  const auto tls = plan_tls(s);
  if (!tls) co_return tls.error();
  auto who = co_await ask_for_credential(rt, s.credentials);
  if (!who) co_return std::move(who.error());
  const auto found = co_await addresses_of(rt, s, until);
  if (!found) co_return found.error();
  auto made = co_await enter_as<Link>(rt, *tls, *who, *found, try_address, until);
  if (!made && made.error().code == errc::authentication_failed) {
    // The pair may have been rotated between our reading it and the server's check.
    auto now = co_await ask_for_credential(rt, s.credentials);
    if (!now || *now == *who) co_return std::move(made.error());
    who = std::move(now);
    made = co_await enter_as<Link>(rt, *tls, *who, *found, try_address, until);
  }
  if (!made) co_return std::move(made.error());
  entered<Link> in{std::move(*made), {}, std::move(*who)};
  if (!found->front().text.empty() && found->front().text != s.server.host) in.found = *found;
  co_return in;
}

} // namespace holdfast::drivers
