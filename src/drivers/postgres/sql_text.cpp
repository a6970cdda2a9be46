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
constexpr bool is_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r'); // tab, newline, \v, \f, return
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
      else if (c == '"') {
        const auto name = quoted_name();
        if (!name.empty() && called()) return name; // "nextval"('s') is a call like any other
      } else if (c == '$')
        skip_dollar();
      else if (looks_at("--"))
        skip_line();
      else if (looks_at("/*"))
        skip_comment();
      else
        ++at_; // of 1e5 the word e5 is left, which nobody looks for
    }
    return {};
  }

  /// The next thing after white space and comments is an opening bracket.
  [[nodiscard]] bool called() const noexcept {
    words ahead{*this};
    ahead.skip_space();
    return ahead.looks_at("(");
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
    if (at_ < sql_.size() && sql_[at_] == '\'' && is(found, "e")) skip_escaped();
    return found;
  }

  std::string_view quoted_name() noexcept {
    const auto from = at_ + 1;
    skip_quoted('"', false);
    return sql_.substr(from, at_ - from - (sql_[at_ - 1] == '"' && at_ > from ? 1 : 0));
  }

  void skip_space() noexcept {
    while (at_ < sql_.size()) {
      if (is_space(sql_[at_]))
        ++at_;
      else if (looks_at("--"))
        skip_line();
      else if (looks_at("/*"))
        skip_comment();
      else
        return;
    }
  }

  void skip_line() noexcept { at_ = std::min(sql_.find_first_of("\r\n", at_), sql_.size()); }

  /// E'…' goes on in the next literal if a line ends between them.
  void skip_escaped() noexcept {
    while (true) {
      skip_quoted('\'', true);
      const auto end = at_;
      skip_space();
      const bool goes_on = looks_at("'") && sql_.substr(end, at_ - end).find_first_of("\r\n") !=
                                                std::string_view::npos;
      if (goes_on) continue;
      at_ = end;
      return;
    }
  }

  void skip_quoted(char quote, bool backslashes) noexcept {
    for (++at_; at_ < sql_.size(); ++at_) {
      const bool escapes = backslashes && sql_[at_] == '\\';
      const bool is_quote = !escapes && sql_[at_] == quote;
      const bool doubled = is_quote && at_ + 1 < sql_.size() && sql_[at_ + 1] == quote;
      if (is_quote && !doubled) break;
      if (escapes || doubled) ++at_;
    }
    at_ = std::min(at_ + 1, sql_.size());
  }

  // $tag$ … $tag$, or a parameter like $1.
  void skip_dollar() noexcept {
    auto end = at_ + 1;
    if (end < sql_.size() && starts_word(sql_[end]))
      while (end < sql_.size() && sql_[end] != '$' && continues_word(sql_[end])) ++end;
    if (end >= sql_.size() || sql_[end] != '$') {
      ++at_;
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
/// What EXPLAIN ANALYZE runs, besides.
constexpr auto explained = std::to_array<string_view>({"execute", "create", "refresh", "declare"});
constexpr auto effects = std::to_array<string_view>(
    {"nextval", "setval", "pg_notify", "pg_terminate_backend", "pg_cancel_backend",
     "pg_reload_conf", "pg_switch_wal", "pg_promote"});
constexpr auto effect_families = std::to_array<string_view>(
    {"lo_", "dblink", "pg_create_", "pg_drop_", "pg_logical_", "pg_replication_", "pg_stat_reset"});

bool has_effect(string_view word) noexcept {
  return among(word, effects) || std::any_of(effect_families.begin(), effect_families.end(),
                                             [word](auto family) { return begins(word, family); });
}
bool changes_session(string_view word) noexcept {
  return is(word, "set_config") || begins(word, "pg_advisory") || begins(word, "pg_try_advisory") ||
         begins(word, "dblink");
}

struct rest_facts {
  bool changes = false;
  bool explained = false;
  bool into = false; // SELECT INTO, which makes a table
  bool effect = false;
  bool session = false;
  bool client_copy = false;
  bool drops = false;
};

void look_at(rest_facts& seen, string_view word, string_view before, bool called) noexcept {
  // FOR UPDATE and FOR NO KEY UPDATE lock, they change nothing.
  const bool locks = is(word, "update") && (is(before, "for") || is(before, "key"));
  seen.changes |= among(word, changing) && !locks;
  seen.explained |= among(word, explained);
  seen.into |= is(word, "into") && !is(before, "insert") && !is(before, "merge");
  // DEALLOCATE ALL, DEALLOCATE PREPARE ALL, DISCARD ALL.
  seen.drops |= is(word, "all") &&
                (is(before, "deallocate") || is(before, "prepare") || is(before, "discard"));
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
  auto before = first;
  for (auto word = text.next(); !word.empty(); word = text.next()) {
    look_at(seen, word, before, text.called());
    before = word;
  }
  const bool reads = among(first, reading);
  const bool explains = is(first, "explain");
  const bool carries_query = reads || explains || is(first, "declare");
  if (carries_query)
    facts.writes = seen.changes || seen.into || seen.effect || (explains && seen.explained);
  else
    facts.writes = !first.empty() && !among(first, looking) && !among(first, undoing);
  facts.dirties = !(reads || among(first, changing)) || seen.session || seen.into;
  facts.controls_transaction = among(first, undoing) || among(first, ending);
  facts.streams_copy = is(first, "copy") && seen.client_copy;
  facts.drops_statements = seen.drops;
  return facts;
}

} // namespace holdfast::drivers::postgres
