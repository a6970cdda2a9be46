#include "chaos/conversation.hpp"

#include "fuzz/chatter.hpp"
#include "fuzz/targets.hpp"

#include <array>
#include <chrono>

namespace holdfast::fuzz {

namespace {

using namespace chaos;

constexpr std::size_t most_rules = 4;

struct rules {
  std::vector<std::shared_ptr<live_rule>> all;
  bool flips = false; ///< bytes may change
  bool drops = false; ///< bytes may be lost
};

rules read_rules(reader& in) {
  rules r;
  while (r.all.size() < most_rules) {
    const std::string_view line = in.line();
    if (line.empty()) break;
    const auto rule = parse_fault_rule(line);
    if (!rule || rule->verb == fault_verb::refuse) continue;
    r.all.push_back(std::make_shared<live_rule>(
        live_rule{static_cast<std::uint32_t>(r.all.size() + 1), *rule, 0}));
    r.flips = r.flips || rule->verb == fault_verb::corrupt;
    r.drops = r.drops || rule->verb == fault_verb::truncate || rule->verb == fault_verb::reset ||
              rule->verb == fault_verb::half_close;
  }
  return r;
}

/// Everything that waits, in its order.
void deliver(chaos::conversation& c, side who, std::string& out) {
  auto& queue = c.queue(who);
  time_point last = time_point::min();
  for (; !queue.empty(); queue.pop_front()) {
    demand(queue.front().due >= last, "bytes overtake each other");
    last = queue.front().due;
    out += queue.front().bytes;
  }
}

} // namespace

/// What comes out is what went in: its beginning, where a rule may end the connection, and all of
/// it once the rules are gone, where none may.
void conversation(std::string_view input) {
  reader in{input};
  const rules r = read_rules(in);
  time_point now{std::chrono::hours{1}};
  chaos::conversation c{7, 1};
  for (const auto& rule : r.all) c.add(rule, now);
  std::array<std::string, 2> given;
  std::array<std::string, 2> got;
  for (const said& s : chatter(in)) {
    now += std::chrono::milliseconds{3};
    given[index(s.who)] += s.bytes;
    if (!c.feed(s.who, now, s.bytes)) continue;
    deliver(c, s.who, got[index(s.who)]);
    got[index(s.who)] += s.bytes;
  }
  for (const auto& rule : r.all) c.remove(rule->id, now);
  for (const side who : {side::client, side::server}) {
    c.finish(who, now);
    std::string& out = got[index(who)];
    const std::string& sent = given[index(who)];
    deliver(c, who, out);
    demand(out.size() <= sent.size(), "more comes out than went in");
    demand(r.flips || sent.starts_with(out), "bytes are changed, and no rule changes them");
    demand(r.drops || out.size() == sent.size(), "bytes are lost, and no rule loses them");
  }
}

std::vector<std::string> conversation_seeds() {
  const std::string session = good_session();
  return {"\n" + session,
          "reset at=after_commit times=1\n\n" + session,
          "corrupt after=9 mask=1\ndelay time=5ms jitter=5ms\n\n" + session,
          "slice size=3 time=1ms\nbandwidth rate=1000\n\n" + session,
          "black_hole at=before_commit\n\n" + session,
          "truncate at=in_row row=1\n\n" + session,
          "half_close after=20 direction=to_client\n\n" + session,
          "delay at=pattern pattern=COMMIT time=9ms\nreset at=end\n\n" + session,
          "corrupt at=row_length\nblack_hole probability=0.5\n\n" + session};
}

} // namespace holdfast::fuzz
