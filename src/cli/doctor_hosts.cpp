#include "cli/doctor_hosts.hpp"

#include "cli/target.hpp"
#include "database/mysql_hosts.hpp"
#include "database/postgres_hosts.hpp"
#include "drivers/mysql/checkup.hpp"
#include "drivers/postgres/checkup.hpp"
#include "drivers/postgres/driver.hpp"
#include "drivers/sqlite/checkup.hpp"
#include "drivers/way.hpp"

#include <holdfast/thread_runtime.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <thread>

namespace holdfast::cli {

namespace {

using drivers::checkup;
using drivers::findings;
using drivers::yardstick;

std::chrono::system_clock::time_point wall_now() { return std::chrono::system_clock::now(); }

/// One host, with its engine's way to look at it.
struct host_to_see {
  std::string shown;
  std::optional<host_port> server{}; ///< to be reached by TCP; with its port
  std::function<task<checkup>(runtime&, const yardstick&, deadline)> look{};
  std::function<findings(std::string_view why)> not_tried{}; ///< the rows of `look`
};
using hosts_to_see = std::vector<host_to_see>;

/// `check_up` and `not_tried` of an engine on a network.
template <class Settings>
hosts_to_see see_servers(result<std::vector<Settings>> hosts, std::uint16_t default_port,
                         task<checkup> (*check_up)(runtime&, const Settings&, const yardstick&,
                                                   drivers::wall_clock, deadline),
                         findings (*not_tried)(std::string_view)) {
  hosts_to_see all;
  for (auto& s : std::move(hosts).value()) {
    host_to_see h{.shown = peer_of(s)};
    if (!s.server.is_socket())
      h.server = host_port{s.server.host, s.server.port.value_or(default_port)};
    h.look = [s = std::move(s), check_up](runtime& rt, const yardstick& by, deadline until) {
      return check_up(rt, s, by, wall_now, until);
    };
    h.not_tried = not_tried;
    all.push_back(std::move(h));
  }
  return all;
}

hosts_to_see see_postgres(const database_config& config) {
  namespace of = drivers::postgres;
  return see_servers(detail::postgres_hosts(config), of::default_port, of::check_up, of::not_tried);
}

hosts_to_see see_mysql(const database_config& config) {
  namespace of = drivers::mysql;
  return see_servers(detail::mysql_hosts(config), of::default_port, of::check_up, of::not_tried);
}

hosts_to_see see_sqlite(const database_config& config) {
  host_to_see h{.shown = config.target.database};
  const drivers::sqlite::settings s{config.target.database, config.options.sqlite};
  h.look = [s](runtime& rt, const yardstick& by, deadline until) {
    return drivers::sqlite::check_up(rt, s, by, until);
  };
  return {std::move(h)};
}

struct engine {
  std::string_view scheme;
  hosts_to_see (*see)(const database_config&);
};
constexpr auto engines = std::to_array<engine>(
    {{"mysql", see_mysql}, {"postgresql", see_postgres}, {"sqlite", see_sqlite}});

/// A part of what is left, so that one silent address does not use up the time of all that follows.
deadline part_of(runtime& rt, deadline until, int parts) {
  const time_point now = rt.now();
  return deadline::after(now, until.remaining(now) / parts);
}

std::vector<drivers::way_facts> try_ways(const std::vector<std::string>& addresses,
                                         std::uint16_t port, deadline until) {
  std::vector<drivers::way_facts> ways(addresses.size());
  std::vector<std::jthread> at_once;
  for (std::size_t i = 0; i < addresses.size(); ++i)
    at_once.emplace_back([&, i] {
      thread_runtime rt;
      ways[i] = run_inline(drivers::try_way(rt, addresses[i], port, until));
    });
  at_once.clear(); // waits
  return ways;
}

/// Name and addresses. Gives why there is no sense in going on.
std::optional<std::string_view> reach(runtime& rt, const host_port& server, findings& rows,
                                      deadline until) {
  std::vector<std::string> addresses{server.host};
  if (drivers::is_name(server)) {
    auto name = run_inline(drivers::look_up(rt, server.host, part_of(rt, until, 2)));
    rows.push_back(drivers::judge(name));
    if (name.failure) {
      drivers::skip(rows, {"connect"}, "no address");
      return "no address";
    }
    addresses = std::move(name.addresses);
  }
  const auto ways = try_ways(addresses, server.port.value(), part_of(rt, until, 2));
  const bool some_answer =
      std::ranges::any_of(ways, [](const drivers::way_facts& w) { return !w.failure; });
  for (const auto& way : ways) rows.push_back(drivers::judge(way, some_answer));
  if (some_answer) return std::nullopt;
  return "no connection";
}

checkup see(const host_to_see& host, const yardstick& by, deadline until) {
  thread_runtime rt;
  findings rows;
  if (host.server)
    if (const auto why = reach(rt, *host.server, rows, until)) {
      drivers::skip(rows, {"tls", "login"}, *why);
      std::ranges::move(host.not_tried(*why), std::back_inserter(rows));
      return {.findings = std::move(rows)};
    }
  checkup done = run_inline(host.look(rt, by, until));
  std::ranges::move(done.findings, std::back_inserter(rows));
  done.findings = std::move(rows);
  return done;
}

std::vector<checkup> see_all(const hosts_to_see& hosts, const yardstick& by, deadline until) {
  std::vector<checkup> seen(hosts.size());
  std::vector<std::jthread> at_once;
  for (std::size_t i = 0; i < hosts.size(); ++i)
    at_once.emplace_back([&, i] { seen[i] = see(hosts[i], by, until); });
  at_once.clear(); // waits
  return seen;
}

} // namespace

std::vector<host_report> look_at(const database_config& config, std::uint32_t processes,
                                 duration limit) {
  const auto* found = std::ranges::find(engines, config.target.scheme, &engine::scheme);
  if (found == engines.end()) throw no_such_engine(config.target.scheme);
  const deadline until = deadline::after(clock::now(), limit);
  const hosts_to_see hosts = found->see(config);
  const yardstick by{config.options, processes, hosts.size() > 1, wall_now()};
  auto seen = see_all(hosts, by, until);
  std::vector<host_report> reports;
  std::vector<std::optional<bool>> takes_writes;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    takes_writes.push_back(seen[i].takes_writes);
    reports.push_back({hosts[i].shown, std::move(seen[i].findings)});
  }
  if (by.has_peers) reports.push_back({"", {drivers::judge_hosts(takes_writes, by)}});
  return reports;
}

} // namespace holdfast::cli
