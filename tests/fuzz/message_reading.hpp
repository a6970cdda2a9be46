// What is promised of the proxy's readers of any protocol.
#pragma once

#include "fuzz/chatter.hpp"

#include <array>

namespace holdfast::fuzz {

/// How the bytes were cut changes nothing, no more is held back than a message's beginning, and
/// nothing is seen that was never sent.
inline void read_whole_and_bytewise(fault_protocol protocol, std::string_view input,
                                    std::size_t longest_beginning) {
  using namespace chaos;
  reader in{input};
  const auto whole = make_reader(protocol);
  const auto bytewise = make_reader(protocol);
  std::vector<sighting> seen;
  std::vector<sighting> seen_bytewise;
  std::array<std::uint64_t, 2> total{};
  for (const said& s : chatter(in)) {
    whole->read(s.who, s.bytes, seen);
    for (std::size_t i = 0; i < s.bytes.size(); ++i)
      bytewise->read(s.who, s.bytes.substr(i, 1), seen_bytewise);
    total[index(s.who)] += s.bytes.size();
    demand(whole->undecided(s.who) == bytewise->undecided(s.who) &&
               whole->opaque() == bytewise->opaque(),
           "how bytes were cut changes what is held back");
    demand(whole->undecided(s.who) <= longest_beginning,
           "more is held back than a message's beginning");
  }
  demand(seen.size() == seen_bytewise.size(), "how bytes were cut changes what is seen");
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const sighting& a = seen[i];
    const sighting& b = seen_bytewise[i];
    demand(a.what == b.what && a.begin == b.begin && a.end == b.end && a.row == b.row &&
               a.length_at == b.length_at && a.body_at == b.body_at,
           "how bytes were cut changes what is seen");
    const auto who = a.what == message::row ? side::server : side::client;
    demand(a.begin < a.end && a.begin < total[index(who)], "a message that was never sent is seen");
  }
}

} // namespace holdfast::fuzz
