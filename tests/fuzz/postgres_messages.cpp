#include "fuzz/chatter.hpp"
#include "fuzz/message_reading.hpp"
#include "fuzz/targets.hpp"

namespace holdfast::fuzz {

using namespace chaos;

void proxy_messages(std::string_view input) {
  read_whole_and_bytewise(fault_protocol::postgresql, input, 5 + 512);
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
