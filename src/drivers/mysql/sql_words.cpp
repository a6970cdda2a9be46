#include "drivers/mysql/sql_words.hpp"

#include <algorithm>

namespace holdfast::drivers::mysql {
namespace {

using std::string_view;

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
constexpr bool is_control(char c) noexcept { return (c >= 0 && c < ' ') || c == '\x7f'; }

} // namespace

bool is_word(string_view word, string_view lowered) noexcept {
  return word.size() == lowered.size() && std::equal(word.begin(), word.end(), lowered.begin(),
                                                     [](char a, char b) { return lower(a) == b; });
}

string_view sql_words::next() noexcept {
  while (!at_end()) {
    if (skip_space()) continue;
    const char c = sql_[at_];
    if (c == ';') return sign();
    anything_ = true;
    if (starts_word(c)) return word();
    if (looks_at(":=")) return sign();
    if (c == '\'')
      (void)quoted(c, how_.backslash_in_single);
    else if (c == '"' || c == '`') {
      const auto name = quoted(c, c == '"' && how_.backslash_in_double);
      if (!name.empty() && called()) return name; // `get_lock`('a', 1) is a call like any other
    } else
      ++at_; // of 1e5 the word e5 is left, which nobody looks for
  }
  return {};
}

bool sql_words::called() const noexcept {
  sql_words ahead{*this};
  while (!ahead.at_end() && ahead.skip_space()) continue;
  return ahead.looks_at("(");
}

bool sql_words::looks_at(string_view text) const noexcept {
  return sql_.substr(at_).starts_with(text);
}

/// "# …" or "-- …": two dashes count only before white space, a control character or the end.
bool sql_words::at_line_comment() const noexcept {
  if (looks_at("#")) return true;
  if (!looks_at("--")) return false;
  return at_ + 2 >= sql_.size() || is_space(sql_[at_ + 2]) || is_control(sql_[at_ + 2]);
}

/// One run of white space or one comment; false if there is none here.
bool sql_words::skip_space() noexcept {
  if (is_space(sql_[at_])) {
    ++at_;
    return true;
  }
  if (at_line_comment()) {
    constexpr string_view ends{"\n\0", 2};
    at_ = std::min(sql_.find_first_of(ends, at_), sql_.size());
    return true;
  }
  if (!looks_at("/*")) return false;
  skip_comment();
  return true;
}

/// They do not nest. /*! … */ and MariaDB's /*M! … */ are run by servers of the named version on.
void sql_words::skip_comment() noexcept {
  if (looks_at("/*!") || looks_at("/*M!") || looks_at("/*m!")) conditional_ = true;
  const auto end = sql_.find("*/", at_ + 2);
  at_ = end == string_view::npos ? sql_.size() : end + 2;
}

string_view sql_words::word() noexcept {
  const auto from = at_;
  while (at_ < sql_.size() && continues_word(sql_[at_])) ++at_;
  return sql_.substr(from, at_ - from);
}

/// Past a quoted text; what stands between its quotes.
string_view sql_words::quoted(char quote, bool backslashes) noexcept {
  const auto from = at_ + 1;
  for (++at_; at_ < sql_.size(); ++at_) {
    const bool escapes = backslashes && sql_[at_] == '\\';
    const bool is_quote = !escapes && sql_[at_] == quote;
    const bool doubled = is_quote && at_ + 1 < sql_.size() && sql_[at_ + 1] == quote;
    if (is_quote && !doubled) break;
    if (escapes || doubled) ++at_;
  }
  const auto end = std::min(at_, sql_.size());
  at_ = std::min(at_ + 1, sql_.size());
  return sql_.substr(std::min(from, end), end - std::min(from, end));
}

string_view sql_words::sign() noexcept {
  const auto found = sql_.substr(at_, sql_[at_] == ';' ? 1 : 2);
  at_ += found.size();
  return found;
}

} // namespace holdfast::drivers::mysql
