// A story before it is played: a seed, expanded into who calls how often and which faults strike
// where. Everything has a number that stays its own, so that a part of it can be left out and the
// rest remains what it was.
#pragma once

#include <holdfast/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

enum class fault_kind : std::uint8_t {
  // of one message or statement of one call
  lost,
  late,
  stall,
  conflict,
  // of one message of the upkeep: connects' first words, pings, resets, health checks
  lost_upkeep,
  stalled_upkeep,
  // of the server, for a while
  outage,
  demotion,
  full,
  hang,
  crowd,
  rotation,
  // of the application and its machine
  cancel,
  reset,
  suspend,
  // of a pool alone
  silence,
  clear,
  interrupt,
  lease_limit,
  suspect,
  retire,
  forgotten,
};

/// What a fault of this kind needs to know.
enum class aim : std::uint8_t {
  call,   ///< a caller, its call, and the how-manieth chance in it
  upkeep, ///< the how-manieth chance of all
  caller, ///< a caller, at a time
  moment, ///< a time
  period, ///< a time, and how long
};

struct fault_row {
  fault_kind kind;
  std::string_view name;
  aim at;
  duration longest; ///< of a period or a stall
  std::string_view words;
};

[[nodiscard]] const fault_row& row_of(fault_kind kind) noexcept;

struct fault {
  fault_kind kind{};
  std::uint32_t caller = 0;
  std::uint32_t call = 0;
  std::uint32_t chance = 0; ///< 0 is the first
  duration at{};            ///< since the story began
  duration lasts{};
};

/// In plain words, without its number.
[[nodiscard]] std::string to_string(const fault& f);

/// How many faults of a kind a story has: from none up to `most`.
struct fault_share {
  fault_kind kind;
  std::uint32_t most;
};

/// Of eight calls, how many are of each kind; what is left are reads.
struct call_shares {
  std::uint32_t keyed = 0;
  std::uint32_t transactions = 0;
  std::uint32_t statements = 0;
};

struct plan;
struct ending;

/// One kind of story.
struct scenario {
  std::string_view name;
  std::string_view summary;
  ending (*play)(const plan& p);
  std::uint32_t callers = 0;
  std::uint32_t calls = 0; ///< of each caller
  duration pause{};        ///< the longest between two calls
  duration lasts{};        ///< faults at a time strike within this
  call_shares shares{};
  std::vector<fault_share> faults{};
};

struct plan {
  const scenario* of = nullptr;
  std::uint64_t seed = 0;
  std::uint64_t order = 0;     ///< another order of what is ready at once, for the same faults
  std::vector<fault> faults{}; ///< all that the seed has
  std::vector<std::uint32_t> kept{};    ///< the numbers of those that strike
  std::vector<std::uint32_t> callers{}; ///< the numbers of those that call
  std::uint32_t calls = 0;
};

[[nodiscard]] plan expand(const scenario& of, std::uint64_t seed);

/// How a story came out.
struct ending {
  std::string broken{}; ///< the promise that was broken; empty if all were kept
  std::uint64_t calls = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unsure = 0;     ///< writes whose fate was not known by their deadline
  std::uint64_t times_open = 0; ///< the breaker was opened
  std::uint64_t steps = 0;
  duration simulated{};
  std::uint64_t trace = 0; ///< of all that happened, in its order: equal for equal stories
  std::vector<std::uint32_t> struck{}; ///< the numbers of the faults that found something to strike
};

} // namespace holdfast::sim
