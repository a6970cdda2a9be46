#include "chaos/postgres_messages.hpp"

#include <algorithm>

namespace holdfast::chaos {
namespace {

struct message_type {
  side who;
  char type;
  std::uint32_t least; ///< of the length field, which counts itself
  std::uint32_t most;
  bool text = false; ///< its beginning must be read to know what it does
};

constexpr std::uint32_t any = 0x3fffffff; // the server's own limit
constexpr auto types = std::to_array<message_type>({
    {side::client, 'B', 8, any, true}, // Bind
    {side::client, 'C', 6, any, true}, // Close
    {side::client, 'D', 6, any},       // Describe
    {side::client, 'E', 9, any, true}, // Execute
    {side::client, 'F', 8, any},       // FunctionCall
    {side::client, 'H', 4, 4},         // Flush
    {side::client, 'P', 8, any, true}, // Parse
    {side::client, 'Q', 5, any, true}, // Query
    {side::client, 'S', 4, 4},         // Sync
    {side::client, 'X', 4, 4},         // Terminate
    {side::client, 'c', 4, 4},         // CopyDone
    {side::client, 'd', 4, any},       // CopyData
    {side::client, 'f', 5, any},       // CopyFail
    {side::client, 'p', 4, any},       // a password
    {side::server, '1', 4, 4},         // ParseComplete
    {side::server, '2', 4, 4},         // BindComplete
    {side::server, '3', 4, 4},         // CloseComplete
    {side::server, 'A', 10, any},      // NotificationResponse
    {side::server, 'C', 5, any},       // CommandComplete
    {side::server, 'D', 6, any},       // DataRow
    {side::server, 'E', 5, any},       // ErrorResponse
    {side::server, 'G', 7, any},       // CopyInResponse
    {side::server, 'H', 7, any},       // CopyOutResponse
    {side::server, 'I', 4, 4},         // EmptyQueryResponse
    {side::server, 'K', 8, any},       // BackendKeyData
    {side::server, 'N', 5, any},       // NoticeResponse
    {side::server, 'R', 8, any},       // Authentication
    {side::server, 'S', 6, any},       // ParameterStatus
    {side::server, 'T', 6, any},       // RowDescription
    {side::server, 'V', 8, any},       // FunctionCallResponse
    {side::server, 'W', 7, any},       // CopyBothResponse
    {side::server, 'Z', 5, 5},         // ReadyForQuery
    {side::server, 'c', 4, 4},         // CopyDone
    {side::server, 'd', 4, any},       // CopyData
    {side::server, 'n', 4, 4},         // NoData
    {side::server, 's', 4, 4},         // PortalSuspended
    {side::server, 't', 6, any},       // ParameterDescription
    {side::server, 'v', 12, any},      // NegotiateProtocolVersion
});

constexpr std::size_t header = 5;
constexpr std::size_t longest_text = 512; // what is read of a text; longer names are not followed
constexpr std::size_t most_names = 1000;  // a client with more commits prepared is not followed

const message_type* find_type(side who, char type) noexcept {
  const auto* at =
      std::ranges::find_if(types, [&](const auto& t) { return t.who == who && t.type == type; });
  return at == types.end() ? nullptr : at;
}

std::uint32_t big_endian(std::string_view four) noexcept {
  std::uint32_t number = 0;
  for (const char c : four.substr(0, 4)) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}

/// The text up to the next NUL, which is taken too; all of it where there is none.
std::string_view take_text(std::string_view& from) noexcept {
  const auto end = std::min(from.find('\0'), from.size());
  const auto text = from.substr(0, end);
  from.remove_prefix(std::min(end + 1, from.size()));
  return text;
}

bool commits(std::string_view sql) { return begins_with_word(sql, {"commit", "end"}); }

} // namespace

void postgres_messages::read(side who, std::string_view bytes, std::vector<sighting>& found) {
  stream& s = streams_[index(who)];
  while (!bytes.empty()) {
    const auto before = bytes.size();
    if (phase_ == phase::opaque) {
      bytes = {};
    } else if (s.left > 0) {
      const auto skipped = std::min<std::uint64_t>(s.left, bytes.size());
      s.left -= skipped;
      bytes.remove_prefix(skipped);
    } else if (phase_ == phase::messages) {
      step(who, s, bytes, found);
    } else if (who == side::client) {
      startup(s, bytes, found);
    } else {
      answer_to_startup(bytes);
    }
    s.position += before - bytes.size();
  }
}

std::size_t postgres_messages::undecided(side who) const noexcept {
  // While it is not sure that this is PostgreSQL at all, nothing may be held back.
  return phase_ == phase::messages ? streams_[index(who)].head.size() : 0;
}

/// The client's first packets have no type: a length and a code.
void postgres_messages::startup(stream& s, std::string_view& bytes, std::vector<sighting>& found) {
  constexpr std::size_t fixed = 8;
  constexpr std::uint32_t longest = 10000;
  constexpr std::uint32_t cancel = 80877102;
  constexpr std::uint32_t tls = 80877103;
  constexpr std::uint32_t gss = 80877104;
  if (s.head.empty()) s.begin = s.position;
  const auto taken = bytes.substr(0, fixed - s.head.size());
  s.head += taken;
  bytes.remove_prefix(taken.size());
  if (s.head.size() < fixed) return;
  const auto length = big_endian(s.head);
  const auto code = big_endian(std::string_view{s.head}.substr(4));
  s.head.clear();
  phase_ = phase::opaque;
  if (length < fixed || length > longest) return;
  s.left = length - fixed;
  if (code == cancel) found.push_back({message::cancel, s.begin, s.begin + length});
  if (code == tls || code == gss) {
    ++encryption_asked_;
    phase_ = phase::startup;
  }
  if (code >> 16U == 3) phase_ = phase::messages;
}

/// One letter answers a request for encryption; any other word of the server before the client's
/// startup is not PostgreSQL's.
void postgres_messages::answer_to_startup(std::string_view& bytes) {
  const bool no = bytes.front() == 'N' && encryption_asked_ > 0;
  bytes.remove_prefix(1);
  if (no) {
    --encryption_asked_;
  } else {
    phase_ = phase::opaque;
  }
}

/// Collects the beginning of a message until it is known what it is.
void postgres_messages::step(side who, stream& s, std::string_view& bytes,
                             std::vector<sighting>& found) {
  if (s.head.empty()) {
    s.begin = s.position;
    s.want = header;
  }
  const auto taken = bytes.substr(0, s.want - s.head.size());
  s.head += taken;
  bytes.remove_prefix(taken.size());
  if (s.head.size() < s.want) return;
  if (s.want == header && !begin_message(who, s)) {
    phase_ = phase::opaque;
    return;
  }
  if (s.head.size() < s.want) return; // more of it than the header is wanted
  const std::uint64_t size = 1 + std::uint64_t{big_endian(std::string_view{s.head}.substr(1))};
  decide(who, s, s.begin + size, found);
  s.left = size - s.head.size();
  s.head.clear();
}

/// Says how much of the message is wanted. False for what is no message.
bool postgres_messages::begin_message(side who, stream& s) {
  const auto* type = find_type(who, s.head.front());
  const auto length = big_endian(std::string_view{s.head}.substr(1));
  if (!type || length < type->least || length > type->most) return false;
  if (type->text) s.want = std::min<std::size_t>(std::size_t{length} + 1, header + longest_text);
  return true;
}

void postgres_messages::decide(side who, const stream& s, std::uint64_t end,
                               std::vector<sighting>& found) {
  if (who == side::client) {
    client_message(s, end, found);
  } else {
    server_message(s, end, found);
  }
}

void postgres_messages::client_message(const stream& s, std::uint64_t end,
                                       std::vector<sighting>& found) {
  auto text = std::string_view{s.head}.substr(header);
  bool is_commit = false;
  switch (s.head.front()) {
  case 'Q': is_commit = commits(text); break;
  case 'P': {
    const std::string name{take_text(text)};
    remember(commit_statements_, name, commits(text));
    break;
  }
  case 'B': {
    const std::string portal{take_text(text)};
    remember(commit_portals_, portal, commit_statements_.contains(std::string{take_text(text)}));
    break;
  }
  case 'C': {
    auto& names = text.front() == 'S' ? commit_statements_ : commit_portals_;
    text.remove_prefix(1);
    names.erase(std::string{take_text(text)});
    break;
  }
  case 'E': is_commit = commit_portals_.contains(std::string{take_text(text)}); break;
  default: break;
  }
  if (is_commit) found.push_back({message::commit, s.begin, end});
}

void postgres_messages::server_message(const stream& s, std::uint64_t end,
                                       std::vector<sighting>& found) {
  switch (s.head.front()) {
  case 'D':
    found.push_back({message::row, s.begin, end, ++row_, s.begin + 1, s.begin + header});
    break;
  case 'C':
  case 'E':
  case 'Z': row_ = 0; break; // a result ends
  default: break;
  }
}

void postgres_messages::remember(std::set<std::string>& names, const std::string& name,
                                 bool commits_it) {
  if (!commits_it) {
    names.erase(name);
  } else if (names.size() < most_names) {
    names.insert(name);
  }
}

} // namespace holdfast::chaos
