#include "chaos/server_cells.hpp"

#include "chaos/play.hpp"
#include "chaos/server_ground.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <latch>
#include <optional>
#include <thread>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

/// One of the callers may see it before we do.
time_point start_again(server_ground& server) {
  server.start();
  return clock::now();
}

/// Another's transaction that holds all accounts while it lives.
class account_holder {
public:
  explicit account_holder(server_ground& at)
      : thread_{[this, db = at.boss(), words = at.words()]() mutable {
          db.transaction([&](transaction& tx) {
            tx.execute(words.hold_accounts);
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

/// Somebody else holds the accounts, and the server ends who waits for them after `limit`.
void play_held_accounts(trial& t, const char* session, duration limit, errc expected) {
  plan p = direct(t);
  std::optional<account_holder> holder;
  p.options.after_connect = session;
  p.load.deadline = std::max(p.load.deadline, limit + 400ms);
  p.lasts = limit + 500ms;
  p.expected = {expected};
  p.harm = [&] { holder.emplace(on_server(t)); };
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
  p.harm = [&] { on_server(t).kill_hard(); };
  p.heal = [&] { return start_again(on_server(t)); };
  play(t, p);
}

void server_restarted(trial& t) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {t.at.words().shutdown.begin(), t.at.words().shutdown.end()};
  p.harm = [&] { on_server(t).stop(); };
  p.heal = [&] { return start_again(on_server(t)); };
  play(t, p);
}

void server_paused(trial& t) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {errc::deadline_exceeded};
  p.harm = [&] { on_server(t).pause(); };
  p.heal = [&] {
    on_server(t).resume();
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
  p.harm = [&] { on_server(t).set_read_only(true); };
  p.heal = [&] {
    on_server(t).set_read_only(false);
    return clock::now();
  };
  play(t, p);
}

void connection_limit(trial& t) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {errc::too_many_connections};
  p.harm = [&] { on_server(t).take_places(true); };
  p.heal = [&] {
    on_server(t).take_places(false);
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
  const dialect& words = t.at.words();
  play_held_accounts(t, words.short_lock_waits, words.lock_limit, errc::lock_not_available);
}

void statement_timeout(trial& t) {
  play_held_accounts(t, t.at.words().short_statements, {}, errc::statement_timeout);
}

/// Where the server's shortest limit is long, one caller rests longer each time: of several the
/// connection that was used last would always be fresh.
void idle_kill(trial& t) {
  const dialect& words = t.at.words();
  plan p = direct(t);
  p.options.after_connect = words.short_rests;
  p.options.pool.ping_after_idle = 1h; // the callers' statements are to find it
  p.load.longest_rest = 200ms;
  if (words.rest_limit > p.load.longest_rest) {
    p.healthy_writes = 1;
    p.load.callers = 1;
    p.load.names = naming::keys; // no call is a read: the first one after a rest is to tell
    p.load.shortest_rest = words.rest_limit + 200ms;
    p.load.longest_rest = words.rest_limit + 500ms;
  }
  p.lasts = 3 * words.rest_limit;
  p.recovers_within = p.load.longest_rest;
  p.expected = {errc::connection_lost, errc::server_shutdown};
  play(t, p);
}

/// The callers' password changes, their sessions are ended, and a moment later their file follows.
void credential_rotation(trial& t) {
  const auto locked = on_server(t).another({.password = "of the boss"});
  trial inner{.at = *locked, .seed = t.seed, .brief = t.brief};
  const std::string file = locked->folder() / "password";
  int round = 0;
  const auto word = [&] { return "word " + std::to_string(round); };
  const auto change_file = [&] {
    std::ofstream{file + ".new"} << word() << '\n';
    std::filesystem::rename(file + ".new", file); // nobody reads half a password
  };
  const auto rotate = [&] {
    ++round;
    locked->set_password(word());
    locked->end_sessions();
    std::this_thread::sleep_for(60ms);
    change_file();
  };
  locked->set_password(word());
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
