#include "cli/demo/dialect.hpp"

#include <cstddef>
#include <string_view>

namespace holdfast::cli::demo {

namespace {

/// "#1" in the engine's way. They are in the order of their numbers.
std::string marked(std::string_view text, placeholders how) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i] == '#' ? how.mark : text[i];
    if (text[i] == '#' && !how.numbered) ++i;
  }
  return out;
}

} // namespace

dialect make_dialect(placeholders how) {
  // Operations are not unique on purpose: one that was applied twice shall be seen, not refused.
  return {
      .tables = "create table account (id bigint primary key, "
                "balance bigint not null check (balance >= 0));"
                "create table booking (operation varchar(200) not null, seat varchar(200) not null "
                "unique);"
                "create table transfer (operation varchar(200) not null, source bigint not null, "
                "target bigint not null, amount bigint not null);",
      .seat_is_taken = marked("select count(*) from booking where seat = #1", how),
      .book = marked("insert into booking (operation, seat) values (#1, #2)", how),
      .withdraw = marked("update account set balance = balance - #1 where id = #2", how),
      .deposit = marked("update account set balance = balance + #1 where id = #2", how),
      .note_transfer = marked("insert into transfer (operation, source, target, amount) "
                              "values (#1, #2, #3, #4)",
                              how),
      .balance = marked("select balance from account where id = #1", how),
  };
}

} // namespace holdfast::cli::demo
