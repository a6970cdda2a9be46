#include "chaos/kills.hpp"

#include "chaos/kill_scene.hpp"

#include <array>
#include <optional>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_silence = 20s; // without a cut: then something hangs
/// Of all COMMITs, this share is cut; half of them before, half behind.
constexpr double share_cut = 0.5;

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

} // namespace

verdict run_kills(server_ground& at, naming names, std::uint32_t kills, std::uint64_t seed) {
  verdict v;
  std::array<std::atomic<std::uint32_t>, 2> cuts{}; // before, behind
  std::atomic<std::uint32_t> all{0};
  kill_scene scene{at, names, seed, [&](const fault_record& r) {
                     ++cuts.at(r.rule - 1);
                     ++all;
                   }};
  add_rules(scene.proxy, kills);
  const time_point began = clock::now();
  v.demand(wait_for_cuts(all, kills), "only {} of {} cuts in time", all.load(), kills);
  const double seconds = std::chrono::duration<double>(clock::now() - began).count();
  v.figure("{} cuts ({} before COMMIT, {} behind) in {:.1f} s, {:.0f} a second", all.load(),
           cuts[0].load(), cuts[1].load(), seconds, static_cast<double>(all) / seconds);
  const findings f = scene.judge(v);
  v.demand(f.unknown == 0, "{} writes are unknown", f.unknown);
  v.demand(scene.resolved.committed > 0 && scene.resolved.undone > 0,
           "resolved as committed {}, as not committed {}: both must come up",
           scene.resolved.committed.load(), scene.resolved.undone.load());
  return v;
}

} // namespace holdfast::matrix
