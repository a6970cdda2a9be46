#include "sim/story/plan.hpp"

#include "testing/random_source.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>
#include <numeric>

namespace holdfast::sim {

using namespace std::chrono_literals;

namespace {

// In the order of `fault_kind`.
constexpr std::array rows{
    fault_row{fault_kind::lost, "lost", aim::call, {}, "a message is lost, and its connection"},
    fault_row{fault_kind::late,
              "late",
              aim::call,
              {},
              "COMMIT's reply is lost, and it takes effect later"},
    fault_row{fault_kind::stall, "stall", aim::call, 2s, "a message is stalled"},
    fault_row{fault_kind::conflict, "conflict", aim::call, {}, "a serialization failure"},
    fault_row{fault_kind::lost_upkeep,
              "lost_upkeep",
              aim::upkeep,
              {},
              "a message of the upkeep is lost, and its connection"},
    fault_row{fault_kind::stalled_upkeep, "stalled_upkeep", aim::upkeep, 2s,
              "a message of the upkeep is stalled"},
    fault_row{fault_kind::outage, "outage", aim::period, 4s, "the server is away"},
    fault_row{fault_kind::demotion, "demotion", aim::period, 3s,
              "the server takes no writes, and its sessions of before never will"},
    fault_row{fault_kind::full, "full", aim::period, 1s, "the server has no place for a session"},
    fault_row{fault_kind::hang, "hang", aim::period, 1s, "handshakes are not answered"},
    fault_row{fault_kind::crowd, "crowd", aim::period, 3s,
              "the server is slow, the more the more ask"},
    fault_row{fault_kind::rotation, "rotation", aim::moment, {}, "the password is rotated"},
    fault_row{fault_kind::cancel, "cancel", aim::caller, {}, "is cancelled"},
    fault_row{fault_kind::reset, "reset", aim::moment, {}, "the application resets its database"},
    fault_row{fault_kind::suspend, "suspend", aim::period, 1s, "the pool is suspended"},
    fault_row{fault_kind::silence, "silence", aim::period, 400ms, "nothing is answered"},
    fault_row{fault_kind::clear, "clear", aim::period, 200ms, "the pool is cleared, and not ready"},
    fault_row{fault_kind::interrupt, "interrupt", aim::period, 200ms,
              "the pool is cleared, borrowed connections are cut, and it is not ready"},
    fault_row{fault_kind::lease_limit, "lease_limit", aim::period, 500ms, "few leases are allowed"},
    fault_row{fault_kind::suspect, "suspect", aim::moment, {}, "idle connections are suspected"},
    fault_row{fault_kind::retire, "retire", aim::moment, {}, "all connections are to be replaced"},
    fault_row{fault_kind::forgotten,
              "forgotten",
              aim::moment,
              {},
              "the server forgets its sessions and says nothing"},
};

double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

/// From 0 to `most`: mostly short ones, now and then the longest.
duration some(testing::random_source& chance, duration most) {
  if (most == duration::zero()) return most;
  const duration limit = chance.one_in(3) ? most : most / 8;
  return duration{1 + chance.below(limit.count())};
}

fault make(const scenario& of, fault_kind kind, testing::random_source& chance) {
  const auto pick = [&chance](std::uint32_t n) {
    return static_cast<std::uint32_t>(chance.below(std::max<std::uint32_t>(n, 1)));
  };
  fault f{.kind = kind};
  f.caller = pick(of.callers);
  f.call = pick(of.calls);
  f.chance = kind == fault_kind::late ? pick(2) : pick(16);
  if (row_of(kind).at == aim::upkeep) f.chance = pick(100);
  f.at = duration{chance.below(of.lasts.count() + 1)};
  f.lasts = some(chance, row_of(kind).longest);
  if ((kind == fault_kind::stall || kind == fault_kind::stalled_upkeep) && chance.one_in(3))
    f.lasts = 1h; // never, to any deadline
  return f;
}

} // namespace

const fault_row& row_of(fault_kind kind) noexcept { return rows[static_cast<std::size_t>(kind)]; }

std::string to_string(const fault& f) {
  const fault_row& row = row_of(f.kind);
  std::string text;
  switch (row.at) {
  case aim::call:
    text = fmt::format("{}: caller {}, call {}: {} (chance {})", row.name, f.caller, f.call,
                       row.words, f.chance);
    break;
  case aim::upkeep: text = fmt::format("{}: {} (chance {})", row.name, row.words, f.chance); break;
  case aim::caller:
    text =
        fmt::format("{}: at {:.3f} s caller {} {}", row.name, seconds(f.at), f.caller, row.words);
    break;
  case aim::moment:
    text = fmt::format("{}: at {:.3f} s {}", row.name, seconds(f.at), row.words);
    break;
  case aim::period:
    return fmt::format("{}: at {:.3f} s, for {:.3f} s, {}", row.name, seconds(f.at),
                       seconds(f.lasts), row.words);
  }
  if (row.longest > duration::zero()) text += fmt::format(", for {:.3f} s", seconds(f.lasts));
  return text;
}

plan expand(const scenario& of, std::uint64_t seed) {
  testing::random_source chance{seed};
  plan p{.of = &of, .seed = seed};
  for (const fault_share& share : of.faults) {
    const auto many = chance.below(static_cast<std::int64_t>(share.most) + 1);
    for (std::int64_t i = 0; i < many; ++i) p.faults.push_back(make(of, share.kind, chance));
  }
  p.kept.resize(p.faults.size());
  std::iota(p.kept.begin(), p.kept.end(), 0U);
  p.callers.resize(of.callers);
  std::iota(p.callers.begin(), p.callers.end(), 0U);
  p.calls = of.calls;
  return p;
}

} // namespace holdfast::sim
