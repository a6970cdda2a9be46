#include "drivers/postgres/sql_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace holdfast::drivers::postgres {
namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool starts_word(char c) noexcept {
  return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || static_cast<signed char>(c) < 0;
}
constexpr bool continues_word(char c) noexcept {
  return starts_word(c) || (c >= '0' && c <= '9') || c == '$';
}

bool is(std::string_view word, std::string_view lowered) noexcept {
  return word.size() == lowered.size() && std::equal(word.begin(), word.end(), lowered.begin(),
                                                     [](char a, char b) { return lower(a) == b; });
}
bool begins(std::string_view word, std::string_view lowered) noexcept {
  return word.size() >= lowered.size() && is(word.substr(0, lowered.size()), lowered);
}
template <std::size_t N>
bool among(std::string_view word, const std::array<std::string_view, N>& list) noexcept {
  return std::any_of(list.begin(), list.end(), [&](auto w) { return is(word, w); });
}

/// Walks over the words of a text, past literals, quoted names and comments.
class words {
public:
  explicit words(std::string_view sql) noexcept : sql_{sql} {}

  /// Empty at the end.
  std::string_view next() noexcept {
    while (at_ < sql_.size()) {
      const char c = sql_[at_];
      if (starts_word(c)) return word();
      if (c == '\'')
        skip_quoted('\'', false);
      else if (c == '"')
        skip_quoted('"', false);
      else if (c == '$')
        skip_dollar();
      else if (looks_at("--"))
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      else if (looks_at("/*"))
        skip_comment();
      else
        skip_plain(c);
    }
    return {};
  }

  /// The next thing after white space is an opening bracket.
  [[nodiscard]] bool called() const noexcept {
    const auto i = sql_.find_first_not_of(" \t\r\n", at_);
    return i != std::string_view::npos && sql_[i] == '(';
  }

private:
  [[nodiscard]] bool looks_at(std::string_view text) const noexcept {
    return sql_.substr(at_).starts_with(text);
  }

  std::string_view word() noexcept {
    const auto from = at_;
    while (at_ < sql_.size() && continues_word(sql_[at_])) ++at_;
    const auto found = sql_.substr(from, at_ - from);
    // E'…' alone knows backslashes; U&'…', B'…' and N'…' end like any other.
    if (at_ < sql_.size() && sql_[at_] == '\'' && is(found, "e")) skip_quoted('\'', true);
    return found;
  }

  void skip_plain(char c) noexcept {
    ++at_;
    if (c < '0' || c > '9') return;
    while (at_ < sql_.size() && continues_word(sql_[at_])) ++at_; // 1e5 is no word "e5"
  }

  void skip_quoted(char quote, bool backslashes) noexcept {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (backslashes && sql_[at_] == '\\')
        ++at_;
      else if (sql_[at_] == quote && (at_ + 1 == sql_.size() || sql_[at_ + 1] != quote))
        break;
      else if (sql_[at_] == quote)
        ++at_;
    }
    at_ = std::min(at_ + 1, sql_.size());
  }

  // $tag$ … $tag$, or a parameter like $1.
  void skip_dollar() noexcept {
    auto end = at_ + 1;
    while (end < sql_.size() && sql_[end] != '$' && continues_word(sql_[end])) ++end;
    const bool number = at_ + 1 < sql_.size() && sql_[at_ + 1] >= '0' && sql_[at_ + 1] <= '9';
    if (number || end >= sql_.size() || sql_[end] != '$') {
      at_ = std::max(end, at_ + 1);
      return;
    }
    const auto tag = sql_.substr(at_, end + 1 - at_);
    const auto close = sql_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
  }

  void skip_comment() noexcept {
    std::uint32_t depth = 0;
    while (at_ < sql_.size()) {
      if (looks_at("/*")) {
        ++depth;
        at_ += 2;
      } else if (looks_at("*/")) {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
  }

  std::string_view sql_;
  std::size_t at_ = 0;
};

using std::string_view;
constexpr auto reading = std::to_array<string_view>({"select", "with", "values", "table"});
constexpr auto changing = std::to_array<string_view>({"insert", "update", "delete", "merge"});
constexpr auto looking =
    std::to_array<string_view>({"show", "explain", "set", "reset", "listen", "unlisten", "declare",
                                "fetch", "move", "close", "lock", "deallocate", "discard"});
constexpr auto undoing =
    std::to_array<string_view>({"begin", "start", "rollback", "abort", "savepoint", "release"});
constexpr auto ending = std::to_array<string_view>({"commit", "end", "prepare"});
constexpr auto effects = std::to_array<string_view>(
    {"nextval", "setval", "pg_notify", "pg_terminate_backend", "pg_cancel_backend",
     "pg_logical_emit_message", "pg_reload_conf", "pg_switch_wal", "pg_promote"});

bool has_effect(string_view word) noexcept {
  return among(word, effects) || begins(word, "lo_") || begins(word, "dblink");
}
bool changes_session(string_view word) noexcept {
  return is(word, "set_config") || begins(word, "pg_advisory") || begins(word, "pg_try_advisory") ||
         begins(word, "dblink");
}

struct rest_facts {
  bool changes = false;
  bool into = false;
  bool effect = false;
  bool session = false;
  bool client_copy = false;
};

void look_at(rest_facts& seen, string_view word, string_view before, bool called) noexcept {
  // FOR UPDATE and FOR NO KEY UPDATE lock, they change nothing.
  const bool locks = is(word, "update") && (is(before, "for") || is(before, "key"));
  seen.changes |= among(word, changing) && !locks;
  seen.into |= is(word, "into");
  seen.client_copy |= is(word, "stdin") || is(word, "stdout");
  seen.effect |= called && (has_effect(word) || changes_session(word));
  seen.session |= called && changes_session(word);
}

} // namespace

sql_facts classify(std::string_view sql) noexcept {
  words text{sql};
  const auto first = text.next();
  rest_facts seen;
  sql_facts facts;
  facts.drops_statements = is(first, "deallocate") || is(first, "discard");
  auto before = first;
  for (auto word = text.next(); !word.empty(); word = text.next()) {
    look_at(seen, word, before, text.called());
    facts.drops_statements |= is(word, "deallocate") || is(word, "discard");
    before = word;
  }
  const bool reads = among(first, reading);
  const bool explains = is(first, "explain");
  if (reads || explains)
    facts.writes = seen.changes || seen.into || seen.effect;
  else
    facts.writes = !first.empty() && !among(first, looking) && !among(first, undoing);
  const bool changes = among(first, changing);
  // INSERT INTO is no SELECT INTO; WITH … INSERT INTO may be either.
  facts.dirties = !(reads || changes) || seen.session || (seen.into && is(first, "select"));
  if (is(first, "with") && seen.into && !seen.changes) facts.dirties = true;
  facts.controls_transaction = among(first, undoing) || among(first, ending);
  facts.streams_copy = is(first, "copy") && seen.client_copy;
  return facts;
}

} // namespace holdfast::drivers::postgres
