#include "chaos/cluster_cells.hpp"

#include "chaos/play.hpp"
#include "chaos/postgres_ground.hpp"

#include <holdfast/postgres.hpp>

#include <mutex>
#include <thread>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

/// A ground whose server is followed by a standby, without which no commit is acknowledged.
struct replicated_ground {
  replicated_ground() {
    standby.start();
    standby.wait_ready();
    at.boss().execute("alter system set synchronous_standby_names = '*'");
    (void)at.boss().query_value<bool>("select pg_reload_conf()");
    standby.wait_caught_up(at.server);
  }
  [[nodiscard]] std::string url() const {
    return "postgresql://app@127.0.0.1:" + std::to_string(at.server.port()) +
           ",127.0.0.2:" + std::to_string(standby.port()) + "/postgres";
  }
  /// From here on the boss, too, enters where writes are made.
  time_point take_over() {
    standby.promote();
    const time_point accepts = clock::now();
    at.follow(standby);
    return accepts;
  }

  postgres_ground at{fast_server()};
  /// Another address of this machine, and the same port: what a name would lead to.
  testing::postgres_server standby{at.server, elsewhere(at.server.port())};

  static testing::postgres_server_options elsewhere(std::uint16_t port) {
    auto o = fast_server();
    o.addresses = "127.0.0.2";
    o.port = port;
    return o;
  }
};

/// A resolver of this process. Threads: any.
class registry {
public:
  explicit registry(std::string address) : address_{std::move(address)} {}
  void set(std::string address) {
    const std::lock_guard lock{mutex_};
    address_ = std::move(address);
  }
  [[nodiscard]] std::vector<std::string> answer() const {
    const std::lock_guard lock{mutex_};
    return {address_};
  }

private:
  mutable std::mutex mutex_; // guards the address
  std::string address_;
};

/// How often one session was told that it may not write, at worst; by the server's own log.
std::size_t most_refusals_a_session(const testing::postgres_server& server) {
  constexpr std::size_t whole_log = 64 * 1024 * 1024;
  std::map<std::string, std::size_t> by_session;
  std::size_t most = 0;
  const std::string log = server.log_tail(whole_log);
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t end = std::min(log.find('\n', at), log.size());
    const std::string_view line{log.data() + at, end - at};
    at = end + 1;
    if (line.find("in a read-only transaction") == std::string_view::npos) continue;
    const auto from = line.find('[');
    const auto to = line.find(']');
    if (from == std::string_view::npos || to == std::string_view::npos) continue;
    most = std::max(most, ++by_session[std::string{line.substr(from, to - from)}]);
  }
  return most;
}

/// What happens to the old primary before the standby is promoted.
enum class departure : std::uint8_t {
  demoted,   ///< it goes on as a standby of the other
  read_only, ///< its sessions live on, and may not write
  killed,    ///< and after the promotion it is back and believes that it is the primary
};

plan plan_for(replicated_ground& servers, departure how, trial& t) {
  plan p;
  p.url = servers.url();
  p.options = brisk();
  p.options.pool.max_size = 20;
  p.load = callers(t);
  p.load.callers = 64;
  p.outage = true;
  p.recovers_within = 1s;
  auto& old = servers.at.server;
  p.heal = [&servers] { return servers.take_over(); };
  p.afterwards = [] { std::this_thread::sleep_for(500ms); };
  if (how == departure::demoted) {
    p.harm = [&servers, &old] {
      old.stop();
      old.follow(servers.standby);
      old.start();
    };
  } else if (how == departure::read_only) {
    p.expected = {errc::read_only_server};
    p.once_a_connection = errc::read_only_server;
    p.harm = [&servers] {
      servers.at.boss().execute("alter system set default_transaction_read_only = on");
      (void)servers.at.boss().query_value<bool>("select pg_reload_conf()");
    };
  } else {
    p.expected = {errc::connect_refused};
    p.harm = [&old] { old.kill_hard(); };
    p.afterwards = [&old] {
      old.start();
      old.wait_ready();
      std::this_thread::sleep_for(700ms); // a look at it, and time to write there
    };
  }
  return p;
}

void play_departure(trial& t, departure how, const char* name) {
  replicated_ground servers;
  trial inner{.at = servers.at, .seed = t.seed, .brief = t.brief};
  play(inner, plan_for(servers, how, inner));
  const std::size_t refusals = most_refusals_a_session(servers.at.server);
  inner.out.demand(refusals <= 1, "a session of the old primary was asked to write {} times",
                   refusals);
  t.out.figure("{}: {}", name, fmt::join(inner.out.figures, ", "));
  for (const auto& objection : inner.out.objections) t.out.demand(false, "{}: {}", name, objection);
}

} // namespace

/// The standby takes over under 64 callers, with synchronous replication on.
void promotion(trial& t) {
  play_departure(t, departure::demoted, "demoted");
  play_departure(t, departure::read_only, "read-only");
  play_departure(t, departure::killed, "killed");
}

/// One name, whose answer changes to the other server when that has taken over. The old one goes
/// on, set read-only.
void dns_change(trial& t) {
  replicated_ground servers;
  trial inner{.at = servers.at, .seed = t.seed, .brief = t.brief};
  plan p = plan_for(servers, departure::read_only, inner);
  registry names{"127.0.0.1"};
  p.url = "postgresql://app@db.test:" + std::to_string(servers.at.server.port()) + "/postgres";
  p.options.tls.mode = tls_mode::disable; // a name is not "local"
  p.options.hosts.resolver = [&names](const std::string&) { return names.answer(); };
  p.recovers_within = {};
  p.heal = [&] {
    (void)servers.take_over();
    names.set("127.0.0.2");
    return clock::now();
  };
  play(inner, p);
  const auto left =
      enter_as_boss(servers.at.server)
          .query_value<std::int64_t>("select count(*) from pg_stat_activity where usename = 'app'");
  inner.out.demand(left == 0, "{} sessions are left at the old address", left.value_or(-1));
  const std::size_t refusals = most_refusals_a_session(servers.at.server);
  inner.out.demand(refusals <= 1, "a session of the old primary was asked to write {} times",
                   refusals);
  t.out = std::move(inner.out);
}

} // namespace holdfast::matrix
