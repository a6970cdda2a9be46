#include "fuzz/chatter.hpp"
#include "fuzz/message_reading.hpp"
#include "fuzz/targets.hpp"
#include "unit/chaos/mysql_packets.hpp"

namespace holdfast::fuzz {

using namespace chaos;
using namespace chaos::tests::mysql;
namespace wire = chaos::tests::mysql;

void mysql_messages(std::string_view input) {
  read_whole_and_bytewise(fault_protocol::mysql, input, 4 + 512);
}

std::vector<std::string> mysql_messages_seeds() {
  const auto session = [](std::uint32_t flags, const std::vector<std::string>& in_turn) {
    std::string out;
    say(out, side::server, greeting());
    say(out, side::client, login(flags));
    say(out, side::server, ok());
    side who = side::client;
    for (const auto& bytes : in_turn) {
      say(out, who, bytes);
      who = who == side::client ? side::server : side::client;
    }
    return out;
  };
  const std::string last = wire::packet("\xfe\0\0\2\0\0\0"s, 5);
  return {session(usual, {query("select 1"), columns(1) + end() + row("1") + end(), query("commit"),
                          ok(), command(1, "")}),
          session(usual, {prepare("commit"), prepared(1, 0, 0), execute(1), ok(),
                          close_statement(1) + command(0x1f, ""), ok()}),
          session(usual | deprecate_eof, {prepare("commit") + execute(0xffffffff),
                                          wire::packet("\0\1\0\0\0\0\0\0\0\0\0\0"s, 1) + ok()}),
          session(usual | deprecate_eof, {query("a"), columns(2) + row("abc") + last}),
          session(usual, {query("call p()"), columns(1) + end() + row("a") + end(8) + ok()}),
          session(usual, {execute(1), columns(1) + end(0x40), command(0x1c, "12345678"),
                          row("a") + failed()}),
          session(usual, {command(0x11, "u"), wire::packet("\xfem\0"s, 1), wire::packet("s", 2),
                          ok(), query("kill 1")}),
          session(usual | 0x800, {"\x16\3\1"}),
          session(usual, {query("load"), wire::packet("\xfb", 1)}),
          std::string{"\x84\xff\xff\xff\1"},
          ""};
}

} // namespace holdfast::fuzz
