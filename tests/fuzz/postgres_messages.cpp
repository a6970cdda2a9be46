#include "fuzz/chatter.hpp"
#include "fuzz/targets.hpp"

namespace holdfast::fuzz {

using namespace chaos;

void proxy_messages(std::string_view input) {
  reader in{input};
  const auto all = chatter(in);
  postgres_messages whole;
  postgres_messages bytewise;
  std::vector<sighting> seen;
  std::vector<sighting> seen_bytewise;
  std::uint64_t total[2] = {0, 0};
  for (const said& s : all) {
    whole.read(s.who, s.bytes, seen);
    for (std::size_t i = 0; i < s.bytes.size(); ++i)
      bytewise.read(s.who, s.bytes.substr(i, 1), seen_bytewise);
    total[index(s.who)] += s.bytes.size();
    demand(whole.undecided(s.who) == bytewise.undecided(s.who) &&
               whole.opaque() == bytewise.opaque(),
           "how bytes were cut changes what is held back");
    demand(whole.undecided(s.who) <= 5 + 512, "more is held back than a message's beginning");
  }
  demand(seen.size() == seen_bytewise.size(), "how bytes were cut changes what is seen");
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const sighting& a = seen[i];
    const sighting& b = seen_bytewise[i];
    demand(a.what == b.what && a.begin == b.begin && a.end == b.end && a.row == b.row,
           "how bytes were cut changes what is seen");
    const auto who = a.what == message::row ? side::server : side::client;
    demand(a.begin < a.end && a.begin < total[index(who)], "a message that was never sent is seen");
  }
}

std::vector<std::string> proxy_messages_seeds() {
  using namespace std::string_view_literals;
  std::string tls;
  say(tls, side::client, packet("", "\x04\xd2\x16\x2f"sv));
  say(tls, side::server, "N");
  std::string cancel;
  say(cancel, side::client, packet("", "\x04\xd2\x16\x2e\0\0\x12\x34\0\0\0\1"sv));
  std::string oversize;
  say(oversize, side::client, packet("", "\0\3\0\0\0"sv));
  say(oversize, side::server, "D\x7f\xff\xff\xff");
  return {good_session(), tls + good_session(), cancel, oversize, "\x05hello", ""};
}

} // namespace holdfast::fuzz
