#include "cli/demo/dialect.hpp"

#include <algorithm>

namespace holdfast::cli::demo {

namespace {

std::string with_mark(std::string text, char mark) {
  std::ranges::replace(text, '#', mark);
  return text;
}

} // namespace

dialect make_dialect(char mark) {
  // Operations are not unique on purpose: one that was applied twice shall be seen, not refused.
  return {
      .tables = "create table account (id bigint primary key, "
                "balance bigint not null check (balance >= 0));"
                "create table booking (operation text not null, seat text not null unique);"
                "create table transfer (operation text not null, source bigint not null, "
                "target bigint not null, amount bigint not null);",
      .seat_is_taken = with_mark("select count(*) from booking where seat = #1", mark),
      .book = with_mark("insert into booking (operation, seat) values (#1, #2)", mark),
      .withdraw = with_mark("update account set balance = balance - #1 where id = #2", mark),
      .deposit = with_mark("update account set balance = balance + #1 where id = #2", mark),
      .note_transfer = with_mark("insert into transfer (operation, source, target, amount) "
                                 "values (#1, #2, #3, #4)",
                                 mark),
      .balance = with_mark("select balance from account where id = #1", mark),
  };
}

} // namespace holdfast::cli::demo
