#include "chaos/server_cells.hpp"

#include "chaos/play.hpp"
#include "chaos/postgres_ground.hpp"

#include <filesystem>
#include <fstream>
#include <latch>
#include <optional>
#include <thread>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

constexpr int first_with_idle_session_timeout = 14;

/// One of the callers may see it before we do.
time_point start_again(testing::postgres_server& server) {
  server.start();
  server.wait_ready();
  return clock::now();
}

void set_read_only(database& boss, bool on) {
  boss.execute(on ? "alter system set default_transaction_read_only = on"
                  : "alter system reset default_transaction_read_only");
  (void)boss.query_value<bool>("select pg_reload_conf()");
}

/// Another's transaction that holds all accounts while it lives.
class account_holder {
public:
  explicit account_holder(database db)
      : thread_{[this, db = std::move(db)]() mutable {
          db.transaction([&](transaction& tx) {
            tx.execute("lock table account in exclusive mode");
            held_.count_down();
            enough_.wait();
          });
        }} {
    held_.wait();
  }
  ~account_holder() { enough_.count_down(); }
  account_holder(const account_holder&) = delete;
  account_holder& operator=(const account_holder&) = delete;

private:
  std::latch held_{1};
  std::latch enough_{1};
  std::jthread thread_; // last: it uses the rest
};

/// Somebody else holds the accounts, and the server ends who waits for them.
void play_held_accounts(trial& t, const char* session, errc expected) {
  plan p = direct(t);
  std::optional<account_holder> holder;
  p.options.postgres.options = session;
  p.expected = {expected};
  p.harm = [&] { holder.emplace(t.at.boss()); };
  p.heal = [&] {
    holder.reset();
    return clock::now();
  };
  play(t, p);
}

} // namespace

void server_killed(trial& t) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {errc::connect_refused};
  p.harm = [&] { on_postgres(t).server.kill_hard(); };
  p.heal = [&] { return start_again(on_postgres(t).server); };
  play(t, p);
}

void server_restarted(trial& t) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {errc::server_shutdown};
  p.harm = [&] { on_postgres(t).server.stop(testing::postgres_server::stop_mode::fast); };
  p.heal = [&] { return start_again(on_postgres(t).server); };
  play(t, p);
}

void server_paused(trial& t) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {errc::deadline_exceeded};
  p.harm = [&] { on_postgres(t).server.pause(); };
  p.heal = [&] {
    on_postgres(t).server.resume();
    return clock::now();
  };
  play(t, p);
}

void read_only(trial& t) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {errc::read_only_server};
  p.load.slow_reader = true; // its connection, too, is to go once it is back
  p.once_a_connection = errc::read_only_server;
  p.forbidden = {errc::read_only_transaction}; // also while the setting changes
  p.harm = [&] { set_read_only(t.at.boss(), true); };
  p.heal = [&] {
    set_read_only(t.at.boss(), false);
    return clock::now();
  };
  play(t, p);
}

/// Of the callers' role, whose sessions are ended, as if others had taken all there are.
void connection_limit(trial& t) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {errc::too_many_connections};
  p.harm = [&] {
    t.at.boss().execute("alter role app connection limit 0");
    on_postgres(t).end_sessions();
  };
  p.heal = [&] {
    t.at.boss().execute("alter role app connection limit -1");
    return clock::now();
  };
  play(t, p);
}

void deadlock_storm(trial& t) {
  plan p = direct(t);
  p.load.any_order = true;
  p.load.accounts = 4;
  p.expected = {errc::deadlock};
  play(t, p);
}

void lock_timeout(trial& t) {
  play_held_accounts(t, "-c lock_timeout=30ms", errc::lock_not_available);
}

void statement_timeout(trial& t) {
  play_held_accounts(t, "-c statement_timeout=100ms", errc::statement_timeout);
}

void idle_kill(trial& t) {
  if (on_postgres(t).server.version() < first_with_idle_session_timeout)
    return t.out.demand(false, "PostgreSQL {} has no idle_session_timeout",
                        on_postgres(t).server.version());
  plan p = direct(t);
  p.options.postgres.options = "-c idle_session_timeout=30ms";
  p.load.longest_rest = 200ms;
  p.expected = {errc::connection_lost, errc::server_shutdown};
  play(t, p);
}

/// The role's password changes, its sessions are ended, and a moment later the callers' file
/// follows.
void credential_rotation(trial& t) {
  auto options = fast_server();
  options.password = "of the boss";
  postgres_ground locked{options};
  trial inner{.at = locked, .seed = t.seed, .brief = t.brief};
  const std::string file = locked.server.socket_dir() / "password";
  int round = 0;
  const auto word = [&] { return "word " + std::to_string(round); };
  const auto change_role = [&] {
    locked.boss().script("alter role app password '" + word() + "'");
  };
  const auto change_file = [&] {
    std::ofstream{file + ".new"} << word() << '\n';
    std::filesystem::rename(file + ".new", file); // nobody reads half a password
  };
  const auto rotate = [&] {
    ++round;
    change_role();
    locked.end_sessions();
    std::this_thread::sleep_for(60ms);
    change_file();
  };
  change_role();
  change_file();
  plan p = direct(inner);
  p.options.credentials.password_file = file;
  p.expected = {errc::authentication_failed};
  p.nudge = rotate;
  p.heal = [&] {
    rotate();
    return clock::now();
  };
  play(inner, p);
  inner.out.figure("{} rotations", round);
  t.out = std::move(inner.out);
}

} // namespace holdfast::matrix
