// The demo's auditor finds what is wrong: without that, its "OK" would be worth nothing.
#include "cli/demo/books.hpp"
#include "cli/demo/dialect.hpp"
#include "cli/demo/fault_log.hpp"

#include <holdfast/sqlite.hpp>

#include <gtest/gtest.h>
#include <tuple>

namespace holdfast::cli::demo {
namespace {

using namespace std::chrono_literals;

ledger_entry booking(const char* key, const char* seat, answer was) {
  ledger_entry e;
  e.key = key;
  e.seat = seat;
  e.was = was;
  return e;
}

class auditor : public ::testing::Test {
protected:
  auditor() : db_{sqlite::connect(":memory:", {.log = {.enabled = false}})} {
    db_.script(make_dialect({'?'}).tables);
    std::vector<std::tuple<std::int64_t, std::int64_t>> accounts;
    for (std::int64_t id = 1; id <= account_count; ++id) accounts.emplace_back(id, opening_balance);
    db_.insert_many("account", {"id", "balance"}, accounts);
  }

  void there(const char* key, const char* seat) {
    db_.execute("insert into booking (operation, seat) values (?1, ?2)", key, seat);
  }
  void told(ledger_entry e) { mine_.entries.push_back(std::move(e)); }
  findings check() {
    const ledger* one = &mine_;
    return check_books(db_, {&one, 1});
  }

  database db_;
  ledger mine_;
};

TEST_F(auditor, finds_nothing_wrong_in_right_books) {
  there("a", "1A");
  told(booking("a", "1A", answer::acknowledged));
  told(booking("b", "1A", answer::refused));
  const findings f = check();
  EXPECT_TRUE(f.right());
  EXPECT_EQ(f.of(answer::acknowledged), 1U);
  EXPECT_EQ(f.of(answer::refused), 1U);
}

TEST_F(auditor, finds_a_lost_write) {
  told(booking("a", "1A", answer::acknowledged));
  EXPECT_EQ(check().lost, 1U);
}

TEST_F(auditor, finds_a_doubled_write) {
  there("a", "1A");
  there("a", "1B");
  told(booking("a", "1A", answer::acknowledged));
  EXPECT_EQ(check().doubled, 1U);
}

TEST_F(auditor, finds_what_was_refused_failed_or_rolled_back_and_is_there) {
  there("a", "1A");
  there("b", "1B");
  there("c", "1C");
  told(booking("a", "1A", answer::refused));
  told(booking("b", "1B", answer::failed));
  told(booking("c", "1C", answer::rolled_back));
  EXPECT_EQ(check().contradicted, 3U);
}

TEST_F(auditor, finds_another_seat_and_a_row_that_nobody_asked_for) {
  there("a", "1A");
  there("z", "9Z");
  told(booking("a", "2B", answer::acknowledged));
  EXPECT_EQ(check().contradicted, 2U);
}

TEST_F(auditor, finds_half_a_transfer) {
  db_.execute("update account set balance = balance - 5 where id = 1");
  const findings f = check();
  EXPECT_EQ(f.money_after, f.money_before - 5);
  EXPECT_FALSE(f.right());
}

TEST_F(auditor, finds_a_balance_that_does_not_fit_its_transfers_though_the_sum_does) {
  db_.execute("update account set balance = balance - 5 where id = 1");
  db_.execute("update account set balance = balance + 5 where id = 2");
  EXPECT_EQ(check().contradicted, 2U);
}

TEST_F(auditor, settles_what_is_in_doubt_by_asking) {
  db_.with({.operation_key = "a"})
      .execute("insert into booking (operation, seat) values ('a', '1A')");
  told(booking("a", "1A", answer::in_doubt));
  told(booking("b", "1B", answer::in_doubt));
  const findings f = check();
  EXPECT_EQ(f.settled_committed, 1U);
  EXPECT_EQ(f.settled_not_committed, 1U);
  EXPECT_TRUE(f.right());
}

TEST(fault_log, measures_to_the_first_write_that_proves_it_over) {
  fault_log log;
  const time_point t0{};
  const auto burst = log.begin("lock_burst", t0);
  log.note_write(t0, t0 + 1ms); // nothing is awaited yet
  log.await_write(burst, fault_log::proof::ended_after, t0 + 100ms);
  log.measure_from(burst, t0);
  log.note_write(t0, t0 + 99ms);
  EXPECT_FALSE(log.all()[0].recovery);
  log.note_write(t0, t0 + 130ms);
  log.note_write(t0, t0 + 140ms);
  EXPECT_EQ(log.all()[0].recovery, duration{130ms});
}

TEST(fault_log, a_cut_is_over_for_who_asked_after_it) {
  fault_log log;
  const time_point t0{};
  const auto cut = log.begin("connection_cut", t0);
  log.await_write(cut, fault_log::proof::asked_after, t0);
  log.measure_from(cut, t0);
  log.note_write(t0 - 1ms, t0 + 5ms);
  EXPECT_FALSE(log.all()[0].recovery);
  log.note_write(t0 + 1ms, t0 + 6ms);
  EXPECT_EQ(log.all()[0].recovery, duration{6ms});
}

TEST(fault_log, a_write_before_the_measure_is_known_counts_as_at_once) {
  fault_log log;
  const time_point t0{};
  const auto kill = log.begin("server_killed", t0);
  log.await_write(kill, fault_log::proof::ended_after, t0 + 10ms);
  log.note_write(t0, t0 + 20ms);
  EXPECT_FALSE(log.all()[0].recovery);
  log.measure_from(kill, t0 + 25ms);
  EXPECT_EQ(log.all()[0].recovery, duration::zero());
}

} // namespace
} // namespace holdfast::cli::demo
