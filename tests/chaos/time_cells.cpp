#include "chaos/time_cells.hpp"

#include "chaos/play.hpp"
#include "chaos/server_ground.hpp"
#include "chaos/wall_clock.hpp"
#include "testing/random_source.hpp"
#include "testing/server_files.hpp"

#include <thread>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

constexpr auto reload_limit = 5s;

/// Enters until the server shows the certificate that it was told to load; since when.
time_point wait_until(const ground& at, database_options options, bool refused) {
  options.start = start_mode::connect;
  for (const time_point end = clock::now() + reload_limit; clock::now() < end;) {
    try {
      auto db = at.connect(at.url(at.port()), options);
      const time_point now = clock::now();
      (void)db.close(1s);
      if (!refused) return now;
    } catch (const database_error& e) {
      if (refused && e.code() == errc::certificate_expired) return clock::now();
    }
    std::this_thread::sleep_for(2ms);
  }
  throw testing::server_error("the server did not load its certificate");
}

} // namespace

/// The server's certificate expires: who is in stays, who comes is refused, until it has a new one.
void tls_expiry(trial& t) {
  const auto locked = on_server(t).another({.tls = testing::server_tls::valid});
  trial inner{.at = *locked, .seed = t.seed, .brief = t.brief};
  plan p = direct(inner);
  p.options.tls = {.mode = tls_mode::verify_full, .ca_file = locked->ca_file()};
  p.outage = true;
  p.expected = {errc::certificate_expired};
  p.harm = [&] {
    locked->renew_certificate(-1h);
    (void)wait_until(*locked, p.options, true);
    locked->end_sessions();
  };
  p.heal = [&] {
    locked->renew_certificate(24h);
    return wait_until(*locked, p.options, false);
  };
  play(inner, p);
  t.out = std::move(inner.out);
}

/// The wall clock of this process jumps to and fro: first alone, which nobody may notice, then
/// while the server is dead, when every timer of the library runs.
void wall_clock_jump(trial& t) {
  testing::random_source random{t.seed};
  int jumps = 0;
  const auto jump = [&] {
    const auto before = std::chrono::system_clock::now();
    const auto by = std::chrono::seconds{random.between(3600, 86'400)} * (jumps % 2 ? -1 : 1);
    wall_clock::jump(by);
    const auto moved = std::chrono::system_clock::now() - before - by;
    t.out.demand(moved > -1s && moved < 1s, "the wall clock did not jump");
    ++jumps;
  };
  plan alone = direct(t);
  alone.harmless = true;
  alone.nudge = jump;
  play(t, alone);
  plan dead = direct(t);
  dead.outage = true;
  dead.expected = {errc::connect_refused};
  dead.harm = [&] { on_server(t).kill_hard(); };
  dead.nudge = jump;
  dead.heal = [&] {
    on_server(t).start();
    return clock::now();
  };
  play(t, dead);
  wall_clock::restore();
  t.out.figure("{} jumps", jumps);
}

} // namespace holdfast::matrix
