#include "chaos/kills.hpp"

#include "chaos/books.hpp"

#include <holdfast/fault_proxy.hpp>
#include <holdfast/postgres.hpp>

#include <array>
#include <optional>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_silence = 20s; // without a cut: then something hangs
/// Of all COMMITs, this share is cut; half of them before, half behind.
constexpr double share_cut = 0.5;

/// Nobody is refused: what is asked here is what became of each write, not who had to wait.
database_options patient() {
  database_options o;
  o.log.enabled = false;
  o.pool.min_size = 16;
  o.pool.max_size = 32;
  o.pool.max_connecting = 8;
  o.pool.acquire_timeout = 30s;
  o.pool.slow_start = false;
  o.retry.connect.max_retries.reset();
  o.retry.statement = {std::nullopt, {1ms, 20ms, 2.0, jitter::proportional, true}, 0.0};
  o.breaker.start_as = breaker_options::mode::disabled;
  o.operation_keys.enabled = true;
  return o;
}

struct resolutions {
  std::atomic<std::uint64_t> committed{0};
  std::atomic<std::uint64_t> undone{0};

  void note(const owned_event& e) {
    if (e.kind != event_kind::outcome_resolved) return;
    if (e.reason == event_reason::committed) ++committed;
    if (e.reason == event_reason::not_committed) ++undone;
  }
};

/// False if the cuts stopped short.
bool wait_for_cuts(const std::atomic<std::uint32_t>& cuts, std::uint32_t kills) {
  std::uint32_t seen = 0;
  time_point at = clock::now();
  while (cuts < kills) {
    std::this_thread::sleep_for(2ms);
    if (cuts != seen) {
      seen = cuts;
      at = clock::now();
    } else if (clock::now() - at > longest_silence) {
      return false;
    }
  }
  return true;
}

void add_rules(fault_proxy& proxy, std::uint32_t kills) {
  fault_rule before{.at = fault_place::before_commit, .probability = share_cut / 2};
  before.times = kills / 2;
  fault_rule behind{.at = fault_place::after_commit};
  behind.probability = (share_cut / 2) / (1 - share_cut / 2); // of those that the first let through
  behind.times = kills - kills / 2;
  if (*before.times > 0) proxy.add(before);
  proxy.add(behind);
}

void judge(const findings& f, const resolutions& r, verdict& v) {
  const std::uint64_t resolved = r.committed + r.undone;
  const double share =
      resolved == 0 ? 0 : static_cast<double>(r.committed) / static_cast<double>(resolved);
  v.figure("acknowledged {}, failed {}, lost {}, doubled {}, unknown {}", f.acknowledged, f.failed,
           f.lost, f.doubled, f.unknown);
  v.figure("resolved {}, as committed {:.3f}", resolved, share);
  v.demand(f.lost == 0, "{} acknowledged writes are not there", f.lost);
  v.demand(f.doubled == 0, "{} writes are there twice", f.doubled);
  v.demand(f.unknown == 0, "{} writes are unknown", f.unknown);
  v.demand(f.true_to_word(), "failed but there {}, uninvited {}, wrong replies {}, money {}",
           f.contradicted, f.uninvited, f.wrong_replies, f.money_missing);
  v.demand(share > 0 && share < 1, "the share resolved as committed is {}", share);
  for (const auto& [name, count] : f.errors) v.figure("{} {}", name, count);
}

} // namespace

verdict run_kills(ground& at, naming names, std::uint32_t kills, std::uint64_t seed) {
  verdict v;
  at.make_tables();
  std::array<std::atomic<std::uint32_t>, 2> cuts{}; // before, behind
  std::atomic<std::uint32_t> all{0};
  fault_proxy proxy{
      {.to = {"127.0.0.1", at.server.port()}, .seed = seed, .on_fault = [&](const fault_record& r) {
         ++cuts.at(r.rule - 1);
         ++all;
       }}};
  resolutions resolved;
  auto db = postgres::connect(at.url(proxy.port()), patient());
  db.on_event([&](const owned_event& e) { resolved.note(e); });
  add_rules(proxy, kills);
  const time_point began = clock::now();
  workload load{db, {.seed = seed, .run = at.next_run(), .callers = 16, .names = names}};
  v.demand(wait_for_cuts(all, kills), "only {} of {} cuts in time", all.load(), kills);
  const double seconds = std::chrono::duration<double>(clock::now() - began).count();
  proxy.heal();
  v.demand(load.wait_acknowledged(16, 10s), "no writes after the last cut");
  load.stop();
  const findings found = check_books(db, at.boss, load.ledgers());
  v.demand(db.close(5s), "connections are still out");
  v.figure("{} cuts ({} before COMMIT, {} behind) in {:.1f} s, {:.0f} a second", all.load(),
           cuts[0].load(), cuts[1].load(), seconds, static_cast<double>(all) / seconds);
  judge(found, resolved, v);
  return v;
}

} // namespace holdfast::matrix
