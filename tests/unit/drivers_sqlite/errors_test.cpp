#include "drivers/sqlite/errors.hpp"
#include "drivers/sqlite/opening.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::drivers::sqlite {
namespace {

// Written out once more by number and letter, so that no row changes its meaning unnoticed.
struct expectation {
  int code;
  errc meaning;
  category kind;
  severity level;
  advice next;
  std::string_view verdict;
  bool keeps_connection;
};

void PrintTo(const expectation& e, std::ostream* out) { *out << "code " << e.code; }

constexpr auto S = advice::retry_statement;
constexpr auto T = advice::retry_transaction;
constexpr auto B = advice::back_off;
constexpr auto fix = advice::fix_request;
constexpr auto stop = advice::give_up;
constexpr auto info = severity::info;
constexpr auto warning = severity::warning;
constexpr auto serious = severity::error;
constexpr auto critical = severity::critical;

const std::vector<expectation> expected{
    {1, errc::invalid_statement, category::request, serious, fix, "X", true},
    {2, errc::internal_error, category::internal, critical, stop, "X", false},
    {3, errc::permission_denied, category::permission, serious, fix, "X", true},
    {4, errc::invalid_statement, category::request, serious, fix, "X", true},
    {5, errc::database_busy, category::conflict, info, S, "S+B", true},
    {6, errc::database_busy, category::conflict, info, B, "B", true},
    {7, errc::out_of_memory, category::resource, critical, B, "B", true},
    {8, errc::permission_denied, category::permission, serious, fix, "X", true},
    {9, errc::cancelled, category::cancelled, info, stop, "X", false},
    {10, errc::io_failure, category::resource, critical, B, "B", false},
    {11, errc::data_corrupted, category::corruption, critical, stop, "X", false},
    {12, errc::feature_not_supported, category::request, serious, fix, "X", true},
    {13, errc::disk_full, category::resource, critical, B, "B", true},
    {14, errc::unknown_database, category::request, critical, stop, "X", false},
    {15, errc::database_busy, category::conflict, warning, S, "S+B", true},
    {16, errc::internal_error, category::internal, critical, stop, "X", false},
    {17, errc::stale_statement, category::request, warning, S, "S", true},
    {18, errc::value_out_of_range, category::data, serious, fix, "X", true},
    {19, errc::constraint_violation, category::constraint, info, fix, "X", true},
    {20, errc::invalid_data, category::data, serious, fix, "X", true},
    {21, errc::internal_error, category::internal, critical, stop, "X", false},
    {22, errc::feature_not_supported, category::request, serious, stop, "X", true},
    {23, errc::permission_denied, category::permission, serious, fix, "X", true},
    {24, errc::internal_error, category::internal, critical, stop, "X", false},
    {25, errc::parameter_count, category::request, serious, fix, "X", true},
    {26, errc::not_a_database, category::corruption, critical, stop, "X", false},
    {27, errc::internal_error, category::internal, warning, stop, "X", true},
    {28, errc::internal_error, category::internal, warning, stop, "X", true},
    {257, errc::unknown_object, category::request, serious, fix, "X", true},
    {261, errc::database_busy, category::conflict, info, S, "S+B", true},
    {262, errc::database_busy, category::conflict, info, B, "B", true},
    {275, errc::check_violation, category::constraint, info, fix, "X", true},
    {513, errc::stale_statement, category::request, warning, S, "S", true},
    {516, errc::transaction_failed, category::request, serious, T, "T", true},
    {517, errc::stale_snapshot, category::conflict, info, T, "T", true},
    {518, errc::database_busy, category::conflict, info, B, "B", true},
    {526, errc::unknown_database, category::request, critical, stop, "X", false},
    {531, errc::constraint_violation, category::constraint, info, fix, "X", true},
    {769, errc::stale_snapshot, category::conflict, info, T, "T", true},
    {773, errc::database_busy, category::conflict, info, S, "S+B", true},
    {787, errc::foreign_key_violation, category::constraint, info, fix, "X", true},
    {1032, errc::io_failure, category::resource, critical, stop, "X+N", false},
    {1043, errc::constraint_violation, category::constraint, info, fix, "X", true},
    {1299, errc::not_null_violation, category::constraint, info, fix, "X", true},
    {1555, errc::unique_violation, category::constraint, info, fix, "X", true},
    {1811, errc::constraint_violation, category::constraint, info, fix, "X", true},
    {2067, errc::unique_violation, category::constraint, info, fix, "X", true},
    {2323, errc::constraint_violation, category::constraint, info, fix, "X", true},
    {2579, errc::unique_violation, category::constraint, info, fix, "X", true},
    {2835, errc::constraint_violation, category::constraint, info, fix, "X", true},
    {3082, errc::out_of_memory, category::resource, critical, B, "B", true},
    {3091, errc::invalid_data, category::data, info, fix, "X", true},
};

class sqlite_error_row : public testing::TestWithParam<expectation> {};

TEST_P(sqlite_error_row, classifies_as_the_page_says) {
  const auto& want = GetParam();
  const auto& row = row_for(want.code);
  ASSERT_EQ(row.code, want.code) << "no row of its own";
  EXPECT_EQ(row.verdict, want.verdict);
  EXPECT_FALSE(row.source.empty());
  const auto e = classify({.code = want.code, .native_message = "words"});
  EXPECT_EQ(e.code, want.meaning) << to_string(e.code);
  EXPECT_EQ(e.kind, want.kind);
  EXPECT_EQ(e.level, want.level);
  EXPECT_EQ(e.next, want.next);
  EXPECT_EQ(e.connection_usable, want.keeps_connection);
  EXPECT_EQ(e.effect, side_effect::none);
  EXPECT_EQ(e.native_code, std::to_string(want.code));
  EXPECT_EQ(e.native_message, "words");
  EXPECT_FALSE(e.message.empty());
}

INSTANTIATE_TEST_SUITE_P(every, sqlite_error_row, testing::ValuesIn(expected),
                         [](const auto& param) { return std::to_string(param.param.code); });

TEST(sqlite_errors, every_row_is_expected_here) {
  std::set<int> wanted;
  std::set<int> there;
  for (const auto& e : expected) wanted.insert(e.code);
  for (const auto& r : error_rows()) EXPECT_TRUE(there.insert(r.code).second) << r.name;
  EXPECT_EQ(there, wanted);
}

TEST(sqlite_errors, unlisted_code_means_what_its_primary_code_means) {
  EXPECT_EQ(row_for(10 | (4 << 8)).code, 10);   // IOERR_FSYNC
  EXPECT_EQ(row_for(19 | (200 << 8)).code, 19); // a constraint not known yet
  EXPECT_EQ(row_for(5 | (77 << 8)).meaning, errc::database_busy);
  EXPECT_EQ(row_for(99).meaning, errc::internal_error);
}

TEST(sqlite_errors, transaction_that_sqlite_ended_is_dead) {
  const auto e = classify({.code = 13, .was_in_transaction = true, .in_transaction = false});
  EXPECT_FALSE(e.transaction_usable);
  const auto alive = classify({.code = 2067, .was_in_transaction = true, .in_transaction = true});
  EXPECT_TRUE(alive.transaction_usable);
  const auto busy = classify({.code = 5, .was_in_transaction = true, .in_transaction = false});
  EXPECT_EQ(busy.next, advice::retry_transaction) << "a statement of a dead transaction";
}

TEST(sqlite_errors, stale_snapshot_kills_a_transaction_that_is_still_open) {
  const auto e = classify({.code = 517, .was_in_transaction = true, .in_transaction = true});
  EXPECT_EQ(e.code, errc::stale_snapshot);
  EXPECT_FALSE(e.transaction_usable);
  EXPECT_EQ(e.next, advice::retry_transaction);
}

TEST(sqlite_errors, failed_sync_of_a_commit_is_unknown_a_failed_write_is_not) {
  const auto effect = [](int code) { return classify({.code = code, .commits = true}).effect; };
  EXPECT_EQ(effect(10 | (4 << 8)), side_effect::unknown);  // FSYNC
  EXPECT_EQ(effect(10 | (5 << 8)), side_effect::unknown);  // DIR_FSYNC
  EXPECT_EQ(effect(10 | (10 << 8)), side_effect::unknown); // DELETE of the journal
  EXPECT_EQ(effect(10 | (3 << 8)), side_effect::none);     // WRITE
  EXPECT_EQ(effect(10 | (1 << 8)), side_effect::none);     // READ
  EXPECT_EQ(effect(13), side_effect::none);                // FULL
  EXPECT_EQ(effect(5), side_effect::none);
  EXPECT_EQ(classify({.code = 10 | (4 << 8)}).effect, side_effect::none) << "nothing was committed";
  EXPECT_EQ(classify({.code = 10 | (4 << 8), .commits = true}).when, phase::commit_in_flight);
}

TEST(sqlite_errors, rows_kept_by_or_fail_are_an_effect) {
  EXPECT_EQ(classify({.code = 2067, .kept_changes = true}).effect, side_effect::applied);
}

TEST(sqlite_errors, text_tells_a_typing_mistake_from_a_missing_table_but_changes_no_verdict) {
  for (const auto& [text, meaning] : {
           std::pair{"near \"selct\": syntax error", errc::syntax_error},
           std::pair{"incomplete input", errc::syntax_error},
           std::pair{"unrecognized token: \"#\"", errc::syntax_error},
           std::pair{"no such table: seat", errc::unknown_object},
           std::pair{"no such column: row", errc::unknown_object},
           std::pair{"integer overflow", errc::invalid_statement},
       }) {
    const auto e = classify({.code = 1, .native_message = text});
    EXPECT_EQ(e.code, meaning) << text;
    EXPECT_EQ(e.next, advice::fix_request) << text;
    EXPECT_EQ(e.message.find("seat"), std::string::npos) << "SQLite's words stay in native_message";
  }
}

TEST(sqlite_errors, constraint_is_named) {
  EXPECT_EQ(
      classify({.code = 2067, .native_message = "UNIQUE constraint failed: seat.row"}).constraint,
      "seat.row");
  EXPECT_EQ(classify({.code = 787, .native_message = "FOREIGN KEY constraint failed"}).constraint,
            "");
}

TEST(sqlite_errors, which_codes_are_waited_for) {
  EXPECT_TRUE(waits_for_lock(5, false));
  EXPECT_TRUE(waits_for_lock(5, true));
  EXPECT_TRUE(waits_for_lock(261, false));
  EXPECT_TRUE(waits_for_lock(15, false));
  EXPECT_TRUE(waits_for_lock(517, false))
      << "outside a transaction the statement can simply run again";
  EXPECT_FALSE(waits_for_lock(517, true));
  EXPECT_FALSE(waits_for_lock(6, false));
  EXPECT_FALSE(waits_for_lock(262, false));
  EXPECT_FALSE(waits_for_lock(0, false));
}

// One sentence a cause; the causes are those that people meet.
TEST(sqlite_open_errors, each_cause_has_its_own_sentence) {
  const path_facts fine{.exists = true,
                        .is_directory = false,
                        .readable = true,
                        .writable = true,
                        .parent_exists = true,
                        .parent_writable = true};
  struct cause {
    std::string_view part;
    errc meaning;
    path_facts facts;
    int code;
    sqlite_options options;
  };
  auto directory = fine;
  directory.is_directory = true;
  path_facts nowhere{};
  auto missing = fine;
  missing.exists = missing.readable = missing.writable = false;
  auto closed_parent = missing;
  closed_parent.parent_writable = false;
  auto unreadable = fine;
  unreadable.readable = false;
  auto read_only = fine;
  read_only.writable = false;
  auto no_wal = fine;
  no_wal.parent_writable = false;
  const std::vector<cause> causes{
      {"is a directory", errc::unknown_database, directory, 14, {}},
      {"directory of", errc::unknown_database, nowhere, 14, {}},
      {"does not exist, and the settings", errc::unknown_database, missing, 14, {.create = false}},
      {"cannot be created", errc::permission_denied, closed_parent, 14, {}},
      {"no permission to read", errc::permission_denied, unreadable, 14, {}},
      {"is read-only", errc::permission_denied, read_only, 8, {}},
      {"write-ahead log belongs", errc::permission_denied, no_wal, 14, {.read_only = true}},
      {"cannot be opened (Too many open files)", errc::unknown_database, fine, 14, {}},
      {"not an SQLite database", errc::not_a_database, fine, 26, {}},
      {"damaged", errc::data_corrupted, fine, 11, {}},
  };
  std::set<std::string> sentences;
  for (const auto& c : causes) {
    const settings s{"/srv/app.db", c.options};
    const auto e = explain_open(s, c.facts, c.code, EMFILE, "native");
    EXPECT_EQ(e.code, c.meaning) << e.message;
    EXPECT_NE(e.message.find(c.part), std::string::npos) << e.message;
    EXPECT_NE(e.message.find("/srv/app.db"), std::string::npos) << e.message;
    EXPECT_FALSE(e.connection_usable);
    EXPECT_TRUE(sentences.insert(e.message).second) << e.message;
  }
}

} // namespace
} // namespace holdfast::drivers::sqlite
