#include "sim/story/script.hpp"

namespace holdfast::sim {

namespace {

std::uint64_t key_of(std::uint32_t caller, std::uint32_t call) {
  return std::uint64_t{caller} << 32U | call;
}

constexpr std::uint64_t upkeep = ~std::uint64_t{0};

bool is_of(fault_kind kind, testing::mishap what) {
  switch (what) {
  case testing::mishap::lost: return kind == fault_kind::lost || kind == fault_kind::lost_upkeep;
  case testing::mishap::late: return kind == fault_kind::late;
  case testing::mishap::stall:
    return kind == fault_kind::stall || kind == fault_kind::stalled_upkeep;
  case testing::mishap::conflict: break;
  }
  return kind == fault_kind::conflict;
}

} // namespace

script::script(const plan& p) {
  for (const std::uint32_t number : p.kept) {
    const fault& f = p.faults[number];
    const aim at = row_of(f.kind).at;
    if (at != aim::call && at != aim::upkeep) continue;
    const std::uint64_t key = at == aim::upkeep ? upkeep : key_of(f.caller, f.call);
    calls_[key].push_back({number, f.kind, f.chance, f.lasts});
  }
}

void script::begins(const runtime& whose, std::uint32_t caller, std::uint32_t call) {
  aim_at(whose, key_of(caller, call));
}

void script::keeps_up(const runtime& whose) { aim_at(whose, upkeep); }

void script::aim_at(const runtime& whose, std::uint64_t key) {
  const auto found = calls_.find(key);
  now_[&whose] = {found == calls_.end() ? nullptr : &found->second, {}};
}

std::optional<duration> script::strikes(testing::mishap what, const runtime& whose) {
  if (over_) return std::nullopt;
  const auto found = now_.find(&whose);
  if (found == now_.end() || !found->second.aimed) return std::nullopt;
  const std::uint32_t chance = found->second.chances[static_cast<std::size_t>(what)]++;
  for (const arrow& a : *found->second.aimed) {
    if (!is_of(a.kind, what) || a.chance != chance) continue;
    note(a.number);
    return a.lasts;
  }
  return std::nullopt;
}

} // namespace holdfast::sim
