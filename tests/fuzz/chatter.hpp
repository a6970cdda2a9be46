// Bytes of both sides of a connection: a byte with the side and a length, then that many bytes.
#pragma once

#include "chaos/messages.hpp"
#include "fuzz/target.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::fuzz {

struct said {
  chaos::side who{};
  std::string_view bytes;
};

inline std::vector<said> chatter(reader& in) {
  std::vector<said> all;
  while (!in.empty()) {
    const std::uint8_t head = in.byte();
    const auto who = (head & 0x80U) != 0 ? chaos::side::server : chaos::side::client;
    all.push_back({who, in.take(head & 0x7fU)});
  }
  return all;
}

inline void say(std::string& out, chaos::side who, std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 0x7f))) {
    const std::string_view piece = bytes.substr(0, 0x7f);
    out.push_back(static_cast<char>(piece.size() | (who == chaos::side::server ? 0x80U : 0U)));
    out.append(piece);
  }
}

inline std::string packet(std::string_view type, std::string_view body) {
  std::string out{type};
  const auto length = static_cast<std::uint32_t>(body.size() + 4);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(length >> shift));
  return out.append(body);
}

/// A session as it should be: a query, a prepared COMMIT, rows.
inline std::string good_session() {
  using namespace std::string_view_literals;
  using chaos::side;
  std::string out;
  say(out, side::client, packet("", "\0\3\0\0user\0app\0\0"sv));
  say(out, side::server, packet("R", "\0\0\0\0"sv) + packet("Z", "I"));
  say(out, side::client, packet("Q", "select 1\0"sv));
  say(out, side::server,
      packet("T", "\0\1x\0\0\0\0\0\0\0\0\0\0\x17\0\4\0\0\0\0\0\0"sv) +
          packet("D", "\0\1\0\0\0\1"
                      "1"sv) +
          packet("C", "SELECT 1\0"sv) + packet("Z", "I"));
  say(out, side::client,
      packet("P", "c\0COMMIT\0\0\0"sv) + packet("B", "\0c\0\0\0\0\0\0\0"sv) +
          packet("E", "\0\0\0\0\0"sv) + packet("S", ""));
  say(out, side::server,
      packet("1", "") + packet("2", "") + packet("C", "COMMIT\0"sv) + packet("Z", "I"));
  say(out, side::client, packet("X", ""));
  return out;
}

} // namespace holdfast::fuzz
