#include "sim/story/script.hpp"

namespace holdfast::sim {

namespace {

std::uint64_t key_of(std::uint32_t caller, std::uint32_t call) {
  return std::uint64_t{caller} << 32U | call;
}

fault_kind kind_of(testing::mishap what) {
  switch (what) {
  case testing::mishap::lost: return fault_kind::lost;
  case testing::mishap::late: return fault_kind::late;
  case testing::mishap::stall: return fault_kind::stall;
  case testing::mishap::conflict: break;
  }
  return fault_kind::conflict;
}

} // namespace

script::script(const plan& p) {
  for (const std::uint32_t number : p.kept) {
    const fault& f = p.faults[number];
    if (row_of(f.kind).at != aim::call) continue;
    calls_[key_of(f.caller, f.call)].push_back({number, f.kind, f.chance, f.lasts});
  }
}

void script::begins(const runtime& whose, std::uint32_t caller, std::uint32_t call) {
  const auto found = calls_.find(key_of(caller, call));
  now_[&whose] = {found == calls_.end() ? nullptr : &found->second, {}};
}

std::optional<duration> script::strikes(testing::mishap what, const runtime& whose) {
  if (over_) return std::nullopt;
  const auto found = now_.find(&whose);
  if (found == now_.end() || !found->second.aimed) return std::nullopt;
  const std::uint32_t chance = found->second.chances[static_cast<std::size_t>(what)]++;
  for (const arrow& a : *found->second.aimed) {
    if (a.kind != kind_of(what) || a.chance != chance) continue;
    note(a.number);
    return a.lasts;
  }
  return std::nullopt;
}

} // namespace holdfast::sim
