// The words of a statement under MySQL's lexical rules. Pure; see sql_text.hpp.
#pragma once

#include <cstddef>
#include <string_view>

namespace holdfast::drivers::mysql {

/// Where a backslash escapes: nowhere with NO_BACKSLASH_ESCAPES, and not in "…" with ANSI_QUOTES.
struct quoting {
  bool backslash_in_single = true;
  bool backslash_in_double = true;
};

/// Without regard to the case of ASCII letters; `lowered` is in lower case.
[[nodiscard]] bool is_word(std::string_view word, std::string_view lowered) noexcept;

/// Walks over the words of a text, past literals, quoted names and comments.
class sql_words {
public:
  sql_words(std::string_view sql, quoting how) noexcept : sql_{sql}, how_{how} {}

  /// A word; a quoted name that is called like a function; ";" or ":="; empty at the end.
  std::string_view next() noexcept;
  /// The next thing after white space and comments is an opening bracket.
  [[nodiscard]] bool called() const noexcept;
  /// From here on `anything` tells of the statement that comes now.
  void begin_statement() noexcept { anything_ = false; }
  /// It has anything but white space and comments.
  [[nodiscard]] bool anything() const noexcept { return anything_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ >= sql_.size(); }
  /// A comment was passed that some versions of the server execute.
  [[nodiscard]] bool conditional() const noexcept { return conditional_; }

private:
  [[nodiscard]] bool looks_at(std::string_view text) const noexcept;
  [[nodiscard]] bool at_line_comment() const noexcept;
  std::string_view word() noexcept;
  std::string_view quoted(char quote, bool backslashes) noexcept;
  std::string_view sign() noexcept;
  bool skip_space() noexcept;
  void skip_comment() noexcept;

  std::string_view sql_;
  quoting how_;
  std::size_t at_ = 0;
  bool anything_ = false;
  bool conditional_ = false;
};

} // namespace holdfast::drivers::mysql
