#include "drivers/sqlite/sql_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace holdfast::drivers::sqlite {
namespace {

enum class token_kind : std::uint8_t { word, quoted, open, close, semicolon, other, end };

struct token {
  token_kind kind = token_kind::end;
  std::string_view text; // without quotes
};

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

constexpr bool is_word(char c) noexcept {
  const char l = lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool same(std::string_view text, std::string_view lower_case) noexcept {
  return std::ranges::equal(text, lower_case, {}, lower);
}

class lexer {
public:
  explicit lexer(std::string_view sql) noexcept : rest_{sql} {}

  token next() noexcept {
    skip_blank();
    if (rest_.empty()) return {};
    const char c = rest_.front();
    if (is_word(c)) return word();
    if (c == '\'' || c == '"' || c == '`') return quoted(c);
    if (c == '[') return quoted(']');
    const auto text = take(1);
    if (c == '(') return {token_kind::open, text};
    if (c == ')') return {token_kind::close, text};
    if (c == ';') return {token_kind::semicolon, text};
    return {token_kind::other, text};
  }

  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
  std::string_view take(std::size_t size) noexcept {
    const auto text = rest_.substr(0, size);
    rest_.remove_prefix(text.size());
    return text;
  }

  void skip_blank() noexcept {
    for (;;) {
      if (!rest_.empty() && is_space(rest_.front()))
        take(1);
      else if (rest_.starts_with("--"))
        take(std::min(rest_.find('\n'), rest_.size()));
      else if (rest_.starts_with("/*"))
        skip_block();
      else if (rest_.starts_with("\xEF\xBB\xBF"))
        take(3);
      else
        return;
    }
  }

  void skip_block() noexcept {
    const auto end = rest_.find("*/", 2);
    take(end == std::string_view::npos ? rest_.size() : end + 2);
  }

  token word() noexcept {
    const auto end = std::ranges::find_if_not(rest_, is_word);
    return {token_kind::word, take(static_cast<std::size_t>(end - rest_.begin()))};
  }

  // A doubled quote reads as two tokens side by side, which is right for every question asked here.
  token quoted(char closing) noexcept {
    take(1);
    const auto text = take(std::min(rest_.find(closing), rest_.size()));
    take(1);
    return {token_kind::quoted, text};
  }

  std::string_view rest_;
};

struct keyword {
  std::string_view word;
  statement_kind kind;
};
using enum statement_kind;
constexpr auto keywords = std::to_array<keyword>({
    {"select", read},
    {"values", read},
    {"explain", read},
    {"insert", change},
    {"update", change},
    {"delete", change},
    {"replace", change},
    {"drop", schema},
    {"alter", schema},
    {"reindex", schema},
    {"analyze", schema},
    {"vacuum", schema},
    {"commit", commit},
    {"end", commit},
    {"begin", transaction},
    {"rollback", transaction},
    {"release", commit},
    {"savepoint", transaction},
});

statement_kind kind_of_word(std::string_view word) noexcept {
  for (const auto& k : keywords)
    if (same(word, k.word)) return k.kind;
  return session;
}

// The first verb outside parentheses: `WITH a AS (SELECT 1) INSERT …` changes data.
statement_kind after_with(lexer& words) noexcept {
  int depth = 0;
  for (auto t = words.next(); t.kind != token_kind::end; t = words.next()) {
    if (t.kind == token_kind::semicolon) break;
    if (t.kind == token_kind::open) ++depth;
    if (t.kind == token_kind::close) --depth;
    if (depth != 0 || t.kind != token_kind::word) continue;
    const auto kind = kind_of_word(t.text);
    if (kind == read || kind == change) return kind;
  }
  return session;
}

// `CREATE TEMP …` and `CREATE … temp.name`; the longest way to the name is
// UNIQUE INDEX IF NOT EXISTS. A table that is merely called "temp" costs one needless reset.
statement_kind after_create(lexer& words) noexcept {
  constexpr int words_to_name = 7;
  for (int i = 0; i < words_to_name; ++i) {
    const auto t = words.next();
    if (t.kind == token_kind::end || t.kind == token_kind::open) break;
    if (same(t.text, "temp") || same(t.text, "temporary")) return session;
  }
  return schema;
}

} // namespace

statement_kind kind_of(std::string_view sql) noexcept {
  lexer words{sql};
  auto first = words.next();
  while (first.kind == token_kind::semicolon) first = words.next();
  if (first.kind == token_kind::end) return empty;
  if (first.kind != token_kind::word) return session;
  if (same(first.text, "with")) return after_with(words);
  if (same(first.text, "create")) return after_create(words);
  return kind_of_word(first.text);
}

bool is_blank(std::string_view sql) noexcept { return kind_of(sql) == empty; }

bool may_write(std::string_view sql) noexcept {
  const auto kind = kind_of(sql);
  if (kind == empty) return false;
  if (kind != read) return true;
  lexer words{sql};
  bool started = false;
  for (auto t = words.next(); t.kind != token_kind::end; t = words.next()) {
    if (t.kind != token_kind::semicolon)
      started = true;
    else if (started)
      return may_write(words.rest());
  }
  return false;
}

} // namespace holdfast::drivers::sqlite
