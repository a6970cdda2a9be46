#include "chaos/cluster_cells.hpp"

#include "chaos/play.hpp"
#include "chaos/server_ground.hpp"

#include <mutex>
#include <thread>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

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

/// What happens to the old primary before the standby is promoted.
enum class departure : std::uint8_t {
  demoted,   ///< it goes on as a standby of the other
  read_only, ///< its sessions live on, and may not write
  killed,    ///< and after the promotion it is back and believes that it is the primary
};

plan plan_for(server_pair& servers, departure how, trial& t) {
  plan p;
  p.url = servers.url();
  p.options = brisk();
  p.options.pool.max_size = 20;
  p.load = callers(t);
  p.load.callers = 64;
  p.outage = true;
  p.recovers_within = 1s;
  server_ground& old = servers.first();
  p.heal = [&servers] {
    servers.take_over();
    return clock::now();
  };
  p.afterwards = [] { std::this_thread::sleep_for(500ms); };
  if (how == departure::demoted) {
    p.harm = [&servers] { servers.step_down(); };
  } else if (how == departure::read_only) {
    p.expected = {errc::read_only_server};
    p.once_a_connection = errc::read_only_server;
    p.harm = [&old] { old.set_read_only(true); };
  } else {
    p.expected = {errc::connect_refused};
    p.harm = [&old] { old.kill_hard(); };
    p.afterwards = [&servers] {
      servers.come_back();
      std::this_thread::sleep_for(700ms); // a look at it, and time to write there
    };
  }
  return p;
}

void demand_few_refusals(const server_pair& servers, verdict& v) {
  const auto refusals = servers.most_refusals();
  v.demand(!refusals || *refusals <= 1, "a session of the old primary was asked to write {} times",
           refusals.value_or(0));
}

void play_departure(trial& t, departure how, const char* name) {
  const auto servers = on_server(t).pair();
  trial inner{.at = servers->first(), .seed = t.seed, .brief = t.brief};
  play(inner, plan_for(*servers, how, inner));
  demand_few_refusals(*servers, inner.out);
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
  const auto servers = on_server(t).pair();
  trial inner{.at = servers->first(), .seed = t.seed, .brief = t.brief};
  plan p = plan_for(*servers, departure::read_only, inner);
  registry names{"127.0.0.1"};
  p.url = servers->url_of_name("db.test");
  p.options.tls.mode = tls_mode::disable; // a name is not "local"
  p.options.hosts.resolver = [&names](const std::string&) { return names.answer(); };
  p.recovers_within = {};
  p.heal = [&] {
    servers->take_over();
    names.set("127.0.0.2");
    return clock::now();
  };
  play(inner, p);
  const auto left = servers->sessions_at_the_first();
  inner.out.demand(left == 0, "{} sessions are left at the old address", left);
  demand_few_refusals(*servers, inner.out);
  t.out = std::move(inner.out);
}

} // namespace holdfast::matrix
