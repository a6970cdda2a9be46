#include "chaos/server_kills.hpp"

#include "chaos/kill_scene.hpp"
#include "drivers/postgres/transaction_name.hpp"
#include "testing/random_source.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;
using wall_time = std::chrono::sys_time<std::chrono::microseconds>;

constexpr auto longest_silence = 20s; // of the callers while the server runs: then something hangs
/// So many writes end well between two kills, so that each meets callers in all states.
constexpr std::uint64_t writes_between = 8;
constexpr auto longest_wait = 2ms; // from the COMMIT to the kill
/// A COMMIT that was forwarded may be killed before it is done, so few kills prove nothing.
constexpr std::size_t enough_for_both = 20;

/// The end of one life of the server.
struct death {
  time_point at;
  wall_time by_the_wall;
};

wall_time wall_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Was the server that gave the id dead when the caller was told "unknown"? That life began when
/// its statistics were last reset.
bool outlived_its_server(const written& w, const std::vector<death>& deaths) {
  const auto name = drivers::postgres::parse_transaction_name(w.token);
  if (!name) return false; // no name, no excuse
  const wall_time born{std::chrono::microseconds{name->server.reset}};
  const auto next =
      std::ranges::find_if(deaths, [&](const death& d) { return d.by_the_wall > born; });
  return next != deaths.end() && next->at < w.told;
}

std::uint64_t unexcused(std::span<const ledger> books, const std::vector<death>& deaths) {
  std::uint64_t n = 0;
  for (const auto& book : books)
    n += static_cast<std::uint64_t>(std::ranges::count_if(book.writes, [&](const written& w) {
      return w.was == answer::unknown && !outlived_its_server(w, deaths);
    }));
  return n;
}

class killer {
public:
  killer(server_ground& at, naming names, std::uint64_t seed)
      : random_{seed ^ 0x6a09e667f3bcc909U}, server_{at},
        scene_{at, names, seed, [this](const fault_record&) { ++held_; }} {}

  /// False if there was no COMMIT to be held back.
  bool kill_once() {
    if (!scene_.load.wait_acknowledged(writes_between, longest_silence)) return false;
    std::this_thread::sleep_for(duration{random_.below(duration{longest_wait}.count())});
    const bool before = next_is_before();
    fault_rule hold{.verb = fault_verb::black_hole,
                    .at = before ? fault_place::before_commit : fault_place::after_commit};
    hold.times = 1;
    if (!before) hold.direction = fault_direction::to_client;
    const std::uint64_t held = held_;
    scene_.proxy.add(hold);
    for (const time_point end = clock::now() + longest_silence; held_ == held;) {
      if (clock::now() > end) return false;
      std::this_thread::sleep_for(50us);
    }
    std::this_thread::sleep_for(duration{random_.below(duration{longest_wait}.count())});
    kill();
    scene_.proxy.stop(); // what is on its way dies with the server
    scene_.proxy.heal();
    ++(before ? before_ : behind_);
    server_.start();
    return true;
  }

  verdict judge(naming names, double seconds) {
    verdict v;
    v.figure("{} server kills ({} before COMMIT, {} behind) in {:.1f} s", deaths_.size(), before_,
             behind_, seconds);
    const findings f = scene_.judge(v);
    const auto wrong = unexcused(scene_.load.ledgers(), deaths_);
    if (names == naming::keys) {
      v.demand(f.unknown == 0, "{} writes are unknown", f.unknown);
      v.demand(deaths_.size() < enough_for_both ||
                   (scene_.resolved.committed > 0 && scene_.resolved.undone > 0),
               "resolved as committed {}, as not committed {}: both must come up",
               scene_.resolved.committed.load(), scene_.resolved.undone.load());
    } else {
      v.figure("unknown where the incarnation changed {}, elsewhere {}", f.unknown - wrong, wrong);
      v.demand(wrong == 0, "{} writes are unknown though their server lived on", wrong);
    }
    return v;
  }

private:
  /// Of each two kills one is before COMMIT, in any order.
  bool next_is_before() {
    if (before_ == behind_) return random_.one_in(2);
    return before_ < behind_;
  }
  void kill() {
    server_.kill_hard();
    deaths_.push_back({clock::now(), wall_now()});
  }

  random_source random_;
  server_ground& server_;
  std::vector<death> deaths_;
  std::uint32_t before_ = 0;
  std::uint32_t behind_ = 0;
  std::atomic<std::uint64_t> held_{0};
  kill_scene scene_; // last: its proxy tells `held_`
};

} // namespace

verdict run_server_kills(server_ground& at, naming names, std::uint32_t kills, std::uint64_t seed) {
  killer one{at, names, seed};
  const time_point began = clock::now();
  std::uint32_t done = 0;
  while (done < kills && one.kill_once()) ++done;
  const double seconds = std::chrono::duration<double>(clock::now() - began).count();
  verdict v = one.judge(names, seconds);
  v.demand(done == kills, "only {} of {} kills: no write ended well for {} s", done, kills,
           longest_silence.count());
  return v;
}

} // namespace holdfast::matrix
