// A write whose reply was lost: what is told is the truth, and nothing is done twice.
#include "conformance/suite.hpp"

#include <array>
#include <thread>

namespace holdfast::conformance {

namespace {

constexpr const char* before_commit = "reset at=before_commit times=1";
constexpr const char* after_commit = "reset at=after_commit times=1";

database by_the_door(trial& t, database_options o = one_connection()) {
  return t.open(t.by_door(), std::move(o));
}

/// What a caller was told, held to what is there.
void demand_truth(trial& t, const std::optional<error>& told, std::int64_t times) {
  t.demand(times <= 1, "it was made {} times", times);
  if (!told) return t.demand(times == 1, "told as made, and it is not there");
  if (told->effect == side_effect::none) t.demand(times == 0, "told as not made, and it is there");
  if (told->effect == side_effect::applied) t.demand(times == 1, "told as made, and it is not");
}

/// A block of one write, under this key (none: empty), with the connection cut by this rule.
void cut_transaction(trial& t, const char* rule, std::string_view key, bool proof) {
  const till book{t};
  auto db = by_the_door(t);
  if (!key.empty()) (void)db.outcome_of("makes the table");
  t.door().add(rule);
  const auto told = thrown_by([&] {
    db.transaction({.operation_key = key}, [&](transaction& tx) { book.put(tx, 1).value(); });
  });
  t.demand(!t.door().records().empty(), "the connection was not cut");
  const auto times = book.times(db, 1);
  demand_truth(t, told, times);
  if (proof) t.demand(!told, "it was not resolved: {}", told ? to_string(*told) : "");
  if (proof) t.demand(times == 1, "it is there {} times", times);
  if (!key.empty()) t.demand(db.outcome_of(key) == outcome::committed, "the key says otherwise");
}

void key_committed(trial& t) { cut_transaction(t, after_commit, "write-1", true); }
void key_not_committed(trial& t) { cut_transaction(t, before_commit, "write-1", true); }
void proof_committed(trial& t) { cut_transaction(t, after_commit, "", true); }
void proof_not_committed(trial& t) { cut_transaction(t, before_commit, "", true); }
void without_key(trial& t) { cut_transaction(t, after_commit, "", false); }
void without_key_not_committed(trial& t) { cut_transaction(t, before_commit, "", false); }

/// The statement has arrived and waits for a lock of ours; then its reply is cut.
template <class Play>
void while_it_waits(trial& t, Play&& write) {
  auto holder = t.open(one_connection());
  holder.execute("create table counter (id bigint primary key, n bigint not null)");
  holder.execute("insert into counter values (1, 0)");
  auto db = by_the_door(t);
  (void)db.query_value<long>("select 1");
  std::jthread caller;
  holder.transaction([&](transaction& tx) {
    tx.execute("update counter set n = n + 100 where id = 1");
    caller = std::jthread{[&] { write(db); }};
    std::this_thread::sleep_for(200ms); // until it stands before the lock
    t.harm_now("reset");
  });
  caller.join();
}

std::int64_t counted(trial& t) {
  auto db = t.open(one_connection());
  return db.query_value<std::int64_t>("select n from counter").value_or(-1) - 100;
}

constexpr std::string_view add_one = "update counter set n = n + 1 where id = 1";

/// A sent write is never sent again; its caller is told that nobody knows.
void sent_write(trial& t) {
  std::optional<error> told;
  while_it_waits(t, [&](database& db) { told = thrown_by([&] { db.execute(add_one); }); });
  t.demand(told.has_value(), "it was told as made");
  if (told) {
    t.demand(told->effect == side_effect::unknown, "its effect is told as {}",
             to_string(told->effect));
    t.demand(told->where.attempt == 1, "it was tried {} times", told->where.attempt);
    t.demand(!told->connection_usable, "its connection is told to be usable");
  }
  (void)soon([&] { return counted(t) == 1; }, 1s); // the server ends what it has begun
  t.demand(counted(t) <= 1, "it was made {} times", counted(t));
}

/// The caller's word that twice is as good as once.
void idempotent_write(trial& t) {
  std::optional<error> told;
  while_it_waits(t, [&](database& db) {
    told = thrown_by(
        [&] { db.with({.idempotent = true}).execute("update counter set n = 101 where id = 1"); });
  });
  t.demand(!told, "it was told as {}", told ? to_string(*told) : "");
  t.demand(counted(t) == 1, "the write is not there");
}

/// A read is sent again by itself, on another connection.
void read_again(trial& t) {
  const till book{t};
  auto db = by_the_door(t);
  (void)book.put(db, 1);
  t.door().add("reset direction=to_client after=1B times=1");
  const auto r = db.try_query_value<std::int64_t>("select count(*) from entry");
  t.demand(r && *r == 1, "the read failed: {}", r ? "wrong answer" : to_string(r.error()));
  t.demand(!t.door().records().empty(), "the connection was not cut");
  t.demand(db.status().retries == 1, "{} retries instead of 1", db.status().retries);
}

/// A text that only looks like a read, or that nobody knows, counts as a write.
void unknown_text(trial& t) {
  auto db = by_the_door(t);
  (void)db.query_value<long>("select 1");
  t.door().add("reset direction=to_client after=1B times=1");
  const auto r = db.try_script("insert into no_such_table values (1)");
  t.demand(!r && db.status().retries == 0, "a script was sent again");
}

/// The block whose connection broke in the middle has no effect, for certain: it runs again.
void broken_block(trial& t) {
  const till book{t};
  auto db = by_the_door(t);
  int runs = 0;
  int gave = 0;
  const auto told = thrown_by([&] {
    gave = db.transaction([&](transaction& tx) {
      book.put(tx, 1).value();
      if (++runs == 1) t.harm_now("reset");
      book.put(tx, 2).value();
      return runs;
    });
  });
  t.demand(!told, "it was told as {}", told ? to_string(*told) : "");
  t.demand(runs == 2 && gave == 2, "it ran {} times and gave the result of run {}", runs, gave);
  t.demand(book.all(db) == std::vector<std::int64_t>{1, 2}, "rows {} are there",
           fmt::join(book.all(db), ", "));
}

constexpr std::array table{
    test_case{"lost_commit_with_key_committed", key_committed, need::server},
    test_case{"lost_commit_with_key_not_committed", key_not_committed, need::server},
    test_case{"lost_commit_proof_committed", proof_committed, need::commit_proof},
    test_case{"lost_commit_proof_not_committed", proof_not_committed, need::commit_proof},
    test_case{"lost_commit_without_key_committed", without_key, need::server},
    test_case{"lost_commit_without_key_not_committed", without_key_not_committed, need::server},
    test_case{"lost_reply_of_a_write", sent_write, need::server},
    test_case{"retry_of_an_idempotent_write", idempotent_write, need::server},
    test_case{"retry_of_a_read", read_again, need::server},
    test_case{"retry_never_of_a_script", unknown_text, need::server},
    test_case{"retry_of_a_broken_block", broken_block, need::server},
};

} // namespace

std::span<const test_case> outcome_cases() noexcept { return table; }

} // namespace holdfast::conformance
