#include "chaos/mysql_messages.hpp"

#include "chaos/mysql_bytes.hpp"

#include <algorithm>
#include <array>

namespace holdfast::chaos {
namespace {

constexpr std::size_t longest_command = 512;        // what is read of a text
constexpr std::size_t longest_reply = 32;           // what is read of a reply
constexpr std::uint32_t last_prepared = 0xffffffff; // MariaDB: executed before its number is known

using reply = mysql_messages::reply;
enum code : unsigned char {
  query = 0x03,
  process_kill = 0x0c,
  change_user = 0x11,
  stmt_prepare = 0x16,
  stmt_execute = 0x17,
  stmt_close = 0x19,
  reset_connection = 0x1f,
};
struct command_row {
  unsigned char code;
  reply answer;
};
constexpr auto commands = std::to_array<command_row>({
    {0x01, reply::none},   // quit
    {0x02, reply::status}, // init db
    {query, reply::result},
    {0x07, reply::status}, // refresh
    {0x08, reply::status}, // shutdown
    {0x09, reply::status}, // statistics
    {process_kill, reply::status},
    {0x0d, reply::status}, // debug
    {0x0e, reply::status}, // ping
    {change_user, reply::login},
    {stmt_prepare, reply::prepared},
    {stmt_execute, reply::result},
    {0x18, reply::none}, // send long data
    {stmt_close, reply::none},
    {0x1a, reply::status}, // reset statement
    {0x1b, reply::status}, // set option
    {0x1c, reply::rows},   // fetch
    {reset_connection, reply::status},
    {0xfa, reply::result}, // bulk execute
});

/// What MySQL's newer clients put before a text: that there are no attributes.
std::string_view without_attributes(std::string_view text) noexcept {
  constexpr std::string_view none{"\0\1", 2};
  return text.starts_with(none) ? text.substr(none.size()) : text;
}

reply answer_to(unsigned char code) noexcept {
  const auto row = std::ranges::find(commands, code, &command_row::code);
  return row == commands.end() ? reply::unknown : row->answer;
}

} // namespace

void mysql_messages::read(side who, std::string_view bytes, std::vector<sighting>& found) {
  stream& s = streams_[index(who)];
  if (who == side::client && phase_ == phase::greeting && !bytes.empty())
    phase_ = phase::opaque; // too early
  while (!bytes.empty()) {
    const auto before = bytes.size();
    if (phase_ == phase::opaque) {
      bytes = {};
    } else if (s.left > 0) {
      const auto skipped = std::min<std::uint64_t>(s.left, bytes.size());
      s.left -= skipped;
      bytes.remove_prefix(skipped);
    } else {
      step(who, s, bytes, found);
    }
    s.position += before - bytes.size();
  }
}

std::size_t mysql_messages::undecided(side who) const noexcept {
  return phase_ == phase::commands ? streams_[index(who)].head.size() : 0;
}

/// Collects the beginning of a packet until it is known what it is.
void mysql_messages::step(side who, stream& s, std::string_view& bytes,
                          std::vector<sighting>& found) {
  if (s.head.empty()) s.begin = s.position;
  const auto take = [&](std::size_t want) {
    const auto taken = bytes.substr(0, want - std::min(want, s.head.size()));
    s.head += taken;
    bytes.remove_prefix(taken.size());
    return s.head.size() >= want;
  };
  if (!take(packet_header)) return;
  const auto size = little_endian(s.head, 0, 3);
  const auto most = who == side::client ? longest_command : longest_reply;
  const auto want = s.continues ? 0 : std::min<std::uint64_t>(size, most);
  if (!take(packet_header + static_cast<std::size_t>(want))) return;
  if (!s.continues)
    decide(who, {std::string_view{s.head}.substr(packet_header), size, s.begin}, found);
  s.continues = size == full_packet;
  s.left = size - want;
  s.head.clear();
}

void mysql_messages::decide(side who, const packet& p, std::vector<sighting>& found) {
  if (who == side::client) {
    client_packet(p, found);
  } else {
    server_packet(p, found);
  }
}

void mysql_messages::client_packet(const packet& p, std::vector<sighting>& found) {
  switch (phase_) {
  case phase::login: return log_in(p);
  case phase::commands: return command(p, found);
  case phase::authentication: return; // passwords
  case phase::greeting:               // the server speaks first
  case phase::opaque: phase_ = phase::opaque;
  }
}

void mysql_messages::server_packet(const packet& p, std::vector<sighting>& found) {
  const auto first = byte_at(p.body, 0);
  switch (phase_) {
  case phase::greeting:
    phase_ = first == 10 ? phase::login : phase::opaque; // its version of the protocol
    return;
  case phase::authentication:
    // OK; or another method, or more of it.
    if (first == 0x00)
      phase_ = phase::commands;
    else if (first != 0xfe && first != 0x01)
      phase_ = phase::opaque;
    return;
  case phase::commands: return answer(p, found);
  case phase::login: // it may have ended the connection before it began
  case phase::opaque: phase_ = phase::opaque;
  }
}

/// The client's capabilities stand first.
void mysql_messages::log_in(const packet& p) {
  constexpr std::uint64_t compression = 0x20;
  constexpr std::uint64_t version_41 = 0x200;
  constexpr std::uint64_t tls = 0x800;
  constexpr std::uint64_t no_eof = 0x01000000;
  constexpr std::uint64_t zstd = 0x04000000;
  const auto flags = little_endian(p.body, 0, 4);
  const bool readable =
      p.size >= 32 && (flags & version_41) != 0 && (flags & (compression | zstd | tls)) == 0;
  phase_ = readable ? phase::authentication : phase::opaque;
  deprecate_eof_ = (flags & no_eof) != 0;
}

void mysql_messages::command(const packet& p, std::vector<sighting>& found) {
  const auto code = byte_at(p.body, 0);
  const auto text = without_attributes(p.body.substr(std::min<std::size_t>(1, p.body.size())));
  const reply answer = p.body.empty() ? reply::unknown : answer_to(code);
  if (answer == reply::unknown || replies_.size() >= most_remembered) {
    phase_ = phase::opaque;
    return;
  }
  const auto end = p.begin + packet_header + p.size;
  if (commits(p)) found.push_back({message::commit, p.begin, end});
  if (code == process_kill || (code == query && begins_with_word(text, {"kill"})))
    found.push_back({message::cancel, p.begin, end});
  if (code == stmt_close)
    commit_statements_.erase(static_cast<std::uint32_t>(little_endian(text, 0, 4)));
  if (code == reset_connection) commit_statements_.clear();
  if (code == stmt_prepare) last_commits_ = begins_with_word(text, {"commit"});
  if (answer == reply::login) phase_ = phase::authentication;
  if (answer == reply::none || answer == reply::login) return;
  replies_.push_back({answer, code == stmt_prepare && last_commits_});
}

bool mysql_messages::commits(const packet& p) const {
  const auto text = without_attributes(p.body.substr(1));
  if (byte_at(p.body, 0) == query) return begins_with_word(text, {"commit"});
  if (byte_at(p.body, 0) != stmt_execute) return false;
  const auto number = static_cast<std::uint32_t>(little_endian(text, 0, 4));
  return number == last_prepared ? last_commits_ : commit_statements_.contains(number);
}

} // namespace holdfast::chaos
