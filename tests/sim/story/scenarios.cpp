#include "sim/story/scenarios.hpp"

#include <chrono>
#include <vector>

namespace holdfast::sim {

using namespace std::chrono_literals;

namespace {

template <flavour F>
ending stack(const plan& p) {
  return play_stack(p, F);
}

using k = fault_kind;

const std::vector<scenario>& table() {
  static const std::vector<scenario> all{
      {"statements",
       "single statements, declared idempotent or not, and reads",
       stack<flavour::any>,
       12,
       12,
       300ms,
       4s,
       {0, 0, 6},
       {{k::lost_upkeep, 6},
        {k::stalled_upkeep, 3},
        {k::lost, 24},
        {k::stall, 8},
        {k::conflict, 12},
        {k::outage, 4},
        {k::full, 2},
        {k::hang, 1},
        {k::cancel, 2},
        {k::suspend, 1}}},
      {"transactions",
       "blocks without a key, with and without an id to ask for",
       stack<flavour::any>,
       12,
       12,
       300ms,
       4s,
       {0, 6, 1},
       {{k::lost_upkeep, 6},
        {k::stalled_upkeep, 3},
        {k::lost, 24},
        {k::late, 8},
        {k::stall, 8},
        {k::conflict, 16},
        {k::outage, 4},
        {k::rotation, 1},
        {k::cancel, 2}}},
      {"keyed",
       "blocks with an operation key, settled and asked for again",
       stack<flavour::any>,
       12,
       10,
       300ms,
       4s,
       {5, 1, 1},
       {{k::lost_upkeep, 6},
        {k::stalled_upkeep, 3},
        {k::lost, 24},
        {k::late, 12},
        {k::stall, 8},
        {k::conflict, 12},
        {k::outage, 4},
        {k::cancel, 2},
        {k::reset, 1}}},
      {"outage_wait",
       "long and short outages, and callers that wait for the host",
       stack<flavour::wait>,
       16,
       10,
       500ms,
       6s,
       {2, 2, 2},
       {{k::lost_upkeep, 6},
        {k::stalled_upkeep, 3},
        {k::outage, 8},
        {k::hang, 2},
        {k::full, 2},
        {k::lost, 6},
        {k::cancel, 3},
        {k::suspend, 2}}},
      {"outage_fail_fast",
       "the same, and callers that want to know at once",
       stack<flavour::fail_fast>,
       16,
       10,
       500ms,
       6s,
       {2, 2, 2},
       {{k::lost_upkeep, 6},
        {k::stalled_upkeep, 3},
        {k::outage, 8},
        {k::hang, 2},
        {k::full, 2},
        {k::lost, 6},
        {k::cancel, 3},
        {k::reset, 2}}},
      {"overload",
       "more callers than the server and the queue bear, of all priorities",
       stack<flavour::crowded>,
       32,
       8,
       60ms,
       2s,
       {1, 1, 2},
       {{k::lost_upkeep, 6},
        {k::stalled_upkeep, 3},
        {k::crowd, 4},
        {k::stall, 12},
        {k::lost, 6},
        {k::outage, 1},
        {k::cancel, 3}}},
      {"demotion",
       "the primary is demoted and promoted again",
       stack<flavour::any>,
       12,
       10,
       400ms,
       5s,
       {2, 2, 3},
       {{k::lost_upkeep, 6},
        {k::stalled_upkeep, 3},
        {k::demotion, 4},
        {k::outage, 2},
        {k::lost, 8},
        {k::late, 4},
        {k::rotation, 1},
        {k::cancel, 2}}},
      {"pool",
       "the pool alone: cleared, suspended, limited, lied to",
       play_pool,
       24,
       16,
       60ms,
       1s,
       {},
       {{k::outage, 4},
        {k::silence, 3},
        {k::clear, 4},
        {k::interrupt, 3},
        {k::suspend, 3},
        {k::lease_limit, 3},
        {k::suspect, 2},
        {k::retire, 2},
        {k::forgotten, 2},
        {k::cancel, 3}}},
  };
  return all;
}

} // namespace

std::span<const scenario> scenarios() { return table(); }

const scenario* find_scenario(std::string_view name) {
  for (const scenario& s : scenarios())
    if (s.name == name) return &s;
  return nullptr;
}

} // namespace holdfast::sim
