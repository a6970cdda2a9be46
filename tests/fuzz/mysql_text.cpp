#include "base/text.hpp"
#include "drivers/mysql/sql_text.hpp"
#include "fuzz/targets.hpp"

namespace holdfast::fuzz {

using drivers::mysql::classify;
using drivers::mysql::sql_facts;

namespace {

std::string as_literal(std::string_view text, char quote) {
  std::string out{quote};
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  return out + quote;
}

} // namespace

void mysql_text(std::string_view input) {
  const sql_facts facts = classify(input);
  // What the server skips does not change what a statement is.
  for (const std::string_view skipped : {" \t\r\n", "-- note\n", "# note\n", "/* a /* b */"})
    demand(classify(std::string{skipped}.append(input)) == facts,
           "blanks or a comment before a statement change what it is", input);
  // Nor does the case of its words.
  demand(classify(detail::upper(input)) == facts, "the case of words changes what it is", input);
  // A quoted text says nothing, whatever it is; with a backslash that is a matter of sql_mode.
  const sql_facts read = classify("select 1");
  if (input.find('\\') == std::string_view::npos)
    for (const char quote : {'\'', '"', '`'})
      demand(classify("select " + as_literal(input, quote) + " from t") == read,
             "a quoted text counts as words", input);
  const bool plain = input.find("*/") == std::string_view::npos && !input.ends_with('*') &&
                     !input.starts_with('!') && !input.starts_with("M!") &&
                     !input.starts_with("m!");
  if (plain)
    demand(classify("select 1 /*" + std::string{input} + "*/ from t") == read,
           "a comment counts as words", input);
}

std::vector<std::string> mysql_text_seeds() {
  return {"select 1",
          "SELECT * from a where b = 'x;delete from c'",
          "with d as (select 1) delete a from a join d",
          "insert into a values (?, '\\'')",
          "insert into a values (1) on duplicate key update b = replace(b, 'x', 'y')",
          "begin; select 1; commit and chain",
          "select 1 /*!50000 into outfile 'x' */",
          "select 1 /*M!100000 , nextval(s) */ # end",
          "select @a := get_lock('a', 1) -- x",
          "select `get_lock` ('a', 1), \"b\"\"c\"",
          "set autocommit = 1",
          "set statement max_statement_time = 1 for delete from t",
          "create or replace temporary table t(a int)",
          "select a from b for update nowait",
          "select next value for s",
          "select 1 --1, 'it''s' --\t x"};
}

} // namespace holdfast::fuzz
