#include "drivers/postgres/sql_text.hpp"

#include "base/text.hpp"
#include "fuzz/targets.hpp"

namespace holdfast::fuzz {

using drivers::postgres::classify;
using drivers::postgres::sql_facts;

void sql_text(std::string_view input) {
  const sql_facts facts = classify(input);
  // What the server skips does not change what a statement is.
  for (const std::string_view skipped : {" \t\r\n", "-- note\n", "/* a /* b */ c */"})
    demand(classify(std::string{skipped}.append(input)) == facts,
           "blanks or a comment before a statement change what it is", input);
  // Nor does the case of its words; a dollar quote's tag is no word.
  if (input.find('$') == std::string_view::npos)
    demand(classify(detail::upper(input)) == facts, "the case of words changes what it is", input);
}

std::vector<std::string> sql_text_seeds() {
  return {"select 1",
          "SELECT * from a where b = 'x;delete from c'",
          "with d as (delete from a returning *) select * from d",
          "insert into a values ($1, E'\\'')",
          "explain analyze delete from a",
          "commit and chain",
          "select $tag$ commit $tag$",
          "copy a from stdin",
          "deallocate all",
          "select nextval('s')",
          "declare c cursor for select 1",
          "select a from b for update",
          "begin; select 1; end",
          "select \"delete\" from t",
          "set search_path = x",
          "select U&\"d\\0061t\" -- x",
          "prepare p as delete from a"};
}

} // namespace holdfast::fuzz
