// What one borrower leaves behind the next one does not see.
#include "conformance/suite.hpp"

#include <array>

namespace holdfast::conformance {

namespace {

/// What `look` tells, or the code of its error.
template <class Verbs>
std::string seen_by(Verbs& who, std::string_view look) {
  const auto r = who.template try_query_value<std::string>(look);
  if (!r) return "error: " + std::string{to_string(r.error().code)};
  return r->value_or("nothing");
}

void hygiene(trial& t) {
  auto db = t.open(one_connection());
  for (const session_trace& trace : t.at.dialect().traces) {
    const std::string before = seen_by(db, trace.look);
    std::string meanwhile;
    db.transaction([&](transaction& tx) {
      tx.script(trace.leave);
      meanwhile = seen_by(tx, trace.look);
    });
    t.demand(meanwhile != before, "{}: it cannot be seen by who left it ({})", trace.what, before);
    const std::string after = seen_by(db, trace.look);
    t.demand(after == before, "{}: the next borrower sees {} instead of {}", trace.what, after,
             before);
    // And by a single statement or script, not only by a block.
    db.script(trace.leave);
    const std::string later = seen_by(db, trace.look);
    t.demand(later == before, "{}, by a script: the next borrower sees {} instead of {}",
             trace.what, later, before);
  }
}

void open_transaction(trial& t) {
  const till book{t};
  auto db = t.open(one_connection());
  for (const std::string_view begin : {"begin", "BEGIN; insert into entry values (1)"}) {
    const auto r = db.try_script(begin);
    t.demand(!r && r.error().kind == category::request, "'{}' is told as {}", begin,
             r ? "done" : to_string(r.error()));
  }
  const auto r = db.try_execute("begin");
  t.demand(!r && r.error().kind == category::request, "'begin' is told as {}",
           r ? "done" : to_string(r.error()));
  // Had it been left open, this would be a part of it, and undone with the connection.
  book.put(db, 2).value();
  auto other = t.open(one_connection());
  t.demand(book.all(other) == std::vector<std::int64_t>{2}, "rows {} are there instead of 2",
           fmt::join(book.all(other), ", "));
}

void prepared_by_after_connect(trial& t) {
  const session_trace& trace = t.at.dialect().traces.front();
  auto plain = t.open(one_connection());
  const std::string usual = seen_by(plain, trace.look);
  auto o = one_connection();
  o.after_connect = trace.leave;
  auto db = t.open(o);
  const std::string prepared = seen_by(db, trace.look);
  t.demand(prepared != usual, "{} was not prepared", trace.what);
  db.script("create table changes_something (id bigint)"); // a reset follows
  t.demand(seen_by(db, trace.look) == prepared, "{} is gone after a reset", trace.what);
}

void bad_after_connect(trial& t) {
  auto o = one_connection();
  o.after_connect = "select no_such_thing from nowhere";
  const error e = t.refusal_of({}, o);
  t.demand_error(e, errc::unknown_object, category::request);
  t.demand(e.message.find("after_connect") != std::string::npos, "the option is not named: {}",
           e.message);
}

/// The schema changed under a statement that is prepared on the connection.
void prepared_statement_and_new_schema(trial& t) {
  auto db = t.open(one_connection());
  auto other = t.open(one_connection());
  db.execute("create table shape (id bigint)");
  db.execute("insert into shape values (1)");
  const auto columns = [&] { return db.try_query<std::int64_t>("select * from shape"); };
  for (int i = 0; i < 3; ++i) t.demand(columns().has_value(), "no answer before the change");
  other.execute("alter table shape add column extra bigint");
  t.demand_error(columns(), errc::column_count, category::request);
  const auto r = db.try_query<std::int64_t, std::optional<std::int64_t>>("select * from shape");
  t.demand(r && r->size() == 1, "no answer after the change: {}", r ? "" : to_string(r.error()));
}

/// A migration gave a column another type: what was prepared before it refuses nothing that fits.
void prepared_statement_and_new_type(trial& t) {
  auto db = t.open(one_connection());
  auto other = t.open(one_connection());
  db.execute("create table shape (v smallint)");
  const std::string put = t("insert into shape values (#1)");
  for (int i = 0; i < 3; ++i) db.execute(put, 1);
  other.script(t("drop table shape; create table shape (v {text})"));
  const auto text = db.try_execute(put, "a word");
  t.demand(text.has_value(), "the old type is still demanded: {}",
           text ? "" : to_string(text.error()));
  other.script("drop table shape; create table shape (v bigint)");
  const auto wide = db.try_execute(put, std::int64_t{1} << 40);
  t.demand(wide.has_value(), "the old range is still demanded: {}",
           wide ? "" : to_string(wide.error()));
}

constexpr std::array table{
    test_case{"session_hygiene", hygiene},
    test_case{"session_open_transaction", open_transaction},
    test_case{"session_prepared_by_after_connect", prepared_by_after_connect},
    test_case{"session_bad_after_connect", bad_after_connect},
    test_case{"session_new_schema", prepared_statement_and_new_schema},
    test_case{"session_new_column_type", prepared_statement_and_new_type},
};

} // namespace

std::span<const test_case> session_cases() noexcept { return table; }

} // namespace holdfast::conformance
