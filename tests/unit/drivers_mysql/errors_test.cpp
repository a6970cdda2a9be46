#include "drivers/mysql/errors.hpp"

#include <gtest/gtest.h>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::drivers::mysql {
namespace {

constexpr auto S = advice::retry_statement;
constexpr auto T = advice::retry_transaction;
constexpr auto B = advice::back_off;
constexpr auto R = advice::re_resolve;
constexpr auto fix = advice::fix_request;
constexpr auto stop = advice::give_up;
constexpr auto info = severity::info;
constexpr auto warning = severity::warning;
constexpr auto serious = severity::error;
constexpr auto critical = severity::critical;
constexpr auto keeps = loss::statement;
constexpr auto ends_block = loss::transaction;
constexpr auto ends = loss::connection;
using enum spoken_by;
using enum doubt;

// Written out once more, with the verdict that the design's page gives, so that no row changes its
// meaning unnoticed. A verdict of the page binds what the row may say: see `obeys`.
struct expectation {
  unsigned number;
  spoken_by server;
  errc meaning;
  category kind;
  severity level;
  advice next;
  std::string_view verdict;
  loss takes;
  doubt leaves;
};

void PrintTo(const expectation& e, std::ostream* out) { *out << e.number; }

const std::vector<expectation> expected{
    {5, both, errc::out_of_memory, category::resource, critical, B, "breaker", keeps, none},
    {20, both, errc::disk_full, category::resource, critical, B, "breaker", keeps, none},
    {1020, mariadb, errc::serialization_failure, category::conflict, info, T, "T", ends_block,
     none},
    {1021, both, errc::disk_full, category::resource, critical, B, "breaker", keeps, none},
    {1022, both, errc::unique_violation, category::constraint, info, fix, "X", keeps, none},
    {1026, both, errc::io_failure, category::resource, critical, B, "breaker", keeps, none},
    {1030, both, errc::io_failure, category::resource, critical, B, "breaker", keeps, none},
    {1034, both, errc::data_corrupted, category::corruption, critical, stop, "X", keeps, none},
    {1036, both, errc::read_only_transaction, category::request, serious, fix, "X", keeps, none},
    {1037, both, errc::out_of_memory, category::resource, critical, B, "breaker", keeps, none},
    {1038, both, errc::out_of_memory, category::resource, critical, B, "breaker", keeps, none},
    {1040, both, errc::too_many_connections, category::overload, critical, B, "B", keeps, none},
    {1041, both, errc::out_of_memory, category::resource, critical, B, "breaker", keeps, none},
    {1044, both, errc::permission_denied, category::permission, serious, fix, "X", keeps, none},
    {1045, both, errc::authentication_failed, category::auth, critical, stop, "X", ends, none},
    {1047, both, errc::read_only_server, category::failover, critical, R, "R", ends, none},
    {1048, both, errc::not_null_violation, category::constraint, info, fix, "X", keeps, none},
    {1049, both, errc::unknown_database, category::request, critical, stop, "X", keeps, none},
    {1053, both, errc::server_shutdown, category::connection, critical, S, "N;U", ends, always},
    {1054, both, errc::unknown_object, category::request, serious, fix, "X", keeps, none},
    {1062, both, errc::unique_violation, category::constraint, info, fix, "X", keeps, none},
    {1064, both, errc::syntax_error, category::request, serious, fix, "X", keeps, none},
    {1065, both, errc::invalid_statement, category::request, serious, fix, "X", keeps, none},
    {1105, both, errc::server_error, category::internal, serious, stop, "X", keeps, none},
    {1114, both, errc::disk_full, category::resource, critical, B, "breaker", keeps, none},
    {1129, both, errc::authentication_failed, category::auth, critical, stop, "X", ends, none},
    {1130, both, errc::authentication_failed, category::auth, critical, stop, "X", ends, none},
    {1142, both, errc::permission_denied, category::permission, serious, fix, "X", keeps, none},
    {1143, both, errc::permission_denied, category::permission, serious, fix, "X", keeps, none},
    {1146, both, errc::unknown_object, category::request, serious, fix, "X", keeps, none},
    {1153, both, errc::value_out_of_range, category::data, serious, fix, "X", ends, none},
    {1158, both, errc::connection_lost, category::connection, serious, S, "N;U", ends, always},
    {1159, both, errc::connection_lost, category::connection, serious, S, "N;U", ends, always},
    {1160, both, errc::connection_lost, category::connection, serious, S, "N;U", ends, always},
    {1161, both, errc::connection_lost, category::connection, serious, S, "N;U", ends, always},
    {1169, both, errc::unique_violation, category::constraint, info, fix, "X", keeps, none},
    {1180, both, errc::outcome_unknown, category::connection, critical, stop, "U", ends, always},
    {1184, both, errc::connection_lost, category::connection, serious, S, "N;U", ends, always},
    {1194, both, errc::data_corrupted, category::corruption, critical, stop, "X", keeps, none},
    {1195, both, errc::data_corrupted, category::corruption, critical, stop, "X", keeps, none},
    {1203, both, errc::too_many_connections, category::overload, critical, B, "B", keeps, none},
    {1205, both, errc::lock_not_available, category::conflict, info, S, "S", keeps, none},
    {1206, both, errc::server_overloaded, category::overload, critical, B, "B", ends_block, none},
    {1213, both, errc::deadlock, category::conflict, warning, T, "T", ends_block, none},
    {1216, both, errc::foreign_key_violation, category::constraint, info, fix, "X", keeps, none},
    {1217, both, errc::foreign_key_violation, category::constraint, info, fix, "X", keeps, none},
    {1226, both, errc::too_many_connections, category::overload, critical, B, "B", keeps, none},
    {1227, both, errc::permission_denied, category::permission, serious, fix, "X", keeps, none},
    {1235, both, errc::feature_not_supported, category::request, serious, fix, "X", keeps, none},
    {1243, both, errc::stale_statement, category::request, warning, fix, "S or X", keeps, none},
    {1264, both, errc::value_out_of_range, category::data, serious, fix, "X", keeps, none},
    {1265, both, errc::invalid_data, category::data, serious, fix, "X", keeps, none},
    {1290, both, errc::feature_not_supported, category::request, serious, fix, "R or X", keeps,
     none},
    {1292, both, errc::invalid_data, category::data, serious, fix, "X", keeps, none},
    {1295, both, errc::feature_not_supported, category::request, serious, fix, "X", keeps, none},
    {1305, both, errc::unknown_object, category::request, serious, fix, "X", keeps, none},
    {1317, both, errc::statement_timeout, category::timeout, serious, stop, "X", keeps, at_commit},
    {1364, both, errc::not_null_violation, category::constraint, info, fix, "X", keeps, none},
    {1366, both, errc::invalid_data, category::data, serious, fix, "X", keeps, none},
    {1370, both, errc::permission_denied, category::permission, serious, fix, "X", keeps, none},
    {1406, both, errc::value_out_of_range, category::data, serious, fix, "X", keeps, none},
    {1451, both, errc::foreign_key_violation, category::constraint, info, fix, "X", keeps, none},
    {1452, both, errc::foreign_key_violation, category::constraint, info, fix, "X", keeps, none},
    {1461, both, errc::server_overloaded, category::overload, critical, B, "B", keeps, none},
    {1586, both, errc::unique_violation, category::constraint, info, fix, "X", keeps, none},
    {1614, both, errc::deadlock, category::conflict, warning, T, "T", ends_block, none},
    {1615, both, errc::stale_statement, category::request, warning, fix, "S or X", keeps, none},
    {1637, both, errc::server_overloaded, category::overload, critical, B, "B", keeps, none},
    {1690, both, errc::value_out_of_range, category::data, serious, fix, "X", keeps, none},
    {1698, both, errc::authentication_failed, category::auth, critical, stop, "X", ends, none},
    {1712, both, errc::data_corrupted, category::corruption, critical, stop, "X", keeps, none},
    {1792, both, errc::read_only_transaction, category::request, serious, fix, "R or X", keeps,
     none},
    {1836, both, errc::read_only_transaction, category::request, serious, fix, "R or X", keeps,
     none},
    {1862, both, errc::authentication_failed, category::auth, critical, stop, "X", ends, none},
    {1927, both, errc::connection_lost, category::connection, serious, S, "N;U", ends, always},
    {1969, mariadb, errc::statement_timeout, category::timeout, serious, stop, "X", keeps,
     at_commit},
    {2002, both, errc::connect_refused, category::connection, critical, S, "N+B", ends, none},
    {2003, both, errc::connect_refused, category::connection, critical, S, "N+B", ends, none},
    {2005, both, errc::name_not_resolved, category::connection, critical, S, "N+B", ends, none},
    {2006, both, errc::connection_lost, category::connection, serious, S, "N", ends, always},
    {2008, both, errc::out_of_memory, category::resource, critical, stop, "X;U", ends, always},
    {2013, both, errc::connection_lost, category::connection, serious, S, "N;U", ends, always},
    {2014, both, errc::internal_error, category::internal, critical, stop, "X;U", ends, always},
    {2020, both, errc::value_out_of_range, category::data, serious, fix, "X;U", ends, always},
    {2026, both, errc::tls_failed, category::connection, critical, stop, "X;U", ends, always},
    {2027, both, errc::protocol_violation, category::protocol, critical, S, "N;U", ends, always},
    {2055, both, errc::connection_lost, category::connection, serious, S, "N;U", ends, always},
    {3024, mysql, errc::statement_timeout, category::timeout, serious, stop, "X", keeps, at_commit},
    {3058, both, errc::deadlock, category::conflict, warning, T, "T", ends_block, none},
    {3101, mysql, errc::serialization_failure, category::conflict, info, T, "T", ends_block, none},
    {3118, mysql, errc::authentication_failed, category::auth, critical, stop, "X", ends, none},
    {3159, mysql, errc::authentication_failed, category::auth, critical, stop, "X", ends, none},
    {3572, mysql, errc::lock_not_available, category::conflict, info, T, "T+B", ends_block, none},
    {3819, mysql, errc::check_violation, category::constraint, info, fix, "X", keeps, none},
    {4025, mariadb, errc::check_violation, category::constraint, info, fix, "X", keeps, none},
    {4031, mysql, errc::connection_lost, category::connection, warning, S, "N;U", ends, always},
    {4151, mariadb, errc::authentication_failed, category::auth, critical, stop, "X", ends, none},
};

/// S, T, N, R, B, U and X as the page defines them.
bool obeys(const error_row& r, std::string_view verdict) {
  const bool gives_up = r.next == fix || r.next == stop;
  const bool ended = r.takes == ends;
  if (verdict == "U") return r.leaves == always && ended && r.next == stop;
  if (verdict == "X;U") return r.leaves == always && ended && gives_up;
  if (verdict == "N;U") return r.leaves == always && ended && r.next == S;
  // Refused or partly written: what was sent is in doubt.
  if (verdict == "N") return r.leaves == always && ended && r.next == S;
  if (r.leaves == always) return false;
  if (verdict == "S") return r.next == S && r.takes == keeps;
  if (verdict == "T" || verdict == "T+B") return r.next == T && r.takes == ends_block;
  if (verdict == "B") return r.next == B && !ended;
  if (verdict == "breaker") return r.next == B && r.kind == category::resource && !ended;
  if (verdict == "N+B") return r.next == S && ended;
  if (verdict == "R") return r.next == R && ended;
  // What turns them into S or R is a matter of the situation, not of the row.
  if (verdict == "S or X" || verdict == "R or X") return r.next == fix && r.takes == keeps;
  return verdict == "X" && gives_up && r.takes != ends_block;
}

flavour home_of(const expectation& e) {
  return e.server == spoken_by::mysql ? flavour::mysql : flavour::mariadb;
}

server_reply reply_of(unsigned number) { return {number, "HY000", "words"}; }

class mysql_error_row : public testing::TestWithParam<expectation> {};

TEST_P(mysql_error_row, classifies_as_the_page_says) {
  const auto& want = GetParam();
  const auto& row = row_of(want.number, home_of(want));
  ASSERT_EQ(row.number, want.number) << "no row of its own";
  EXPECT_EQ(row.server, want.server);
  EXPECT_TRUE(obeys(row, want.verdict)) << want.verdict;
  EXPECT_FALSE(row.source.empty());
  EXPECT_EQ(row.takes, want.takes);
  EXPECT_EQ(row.leaves, want.leaves);
  const auto e = answered_error(reply_of(want.number), {.server = home_of(want)});
  EXPECT_EQ(e.code, want.meaning) << to_string(e.code);
  EXPECT_EQ(e.kind, want.kind);
  EXPECT_EQ(e.level, want.level);
  EXPECT_EQ(e.next, want.next);
  EXPECT_EQ(e.connection_usable, want.takes != ends);
  EXPECT_EQ(e.transaction_usable, want.takes != ends) << "there was none to be lost";
  EXPECT_EQ(e.when, want.leaves == always ? phase::sent : phase::answered);
  EXPECT_EQ(e.effect, want.leaves == always ? side_effect::unknown : side_effect::none);
  EXPECT_EQ(e.native_code, std::to_string(want.number));
  EXPECT_EQ(e.native_message, "words");
  EXPECT_EQ(e.message.find("words"), std::string::npos) << "they may hold user data";
  EXPECT_FALSE(e.message.empty());
}

// What one server means by a number that the other does not know, or means otherwise.
TEST_P(mysql_error_row, is_another_servers_row_nowhere) {
  const auto& want = GetParam();
  const auto other = home_of(want) == flavour::mysql ? flavour::mariadb : flavour::mysql;
  EXPECT_EQ(row_of(want.number, other).number, want.server == both ? want.number : 0U);
}

// A statement's error leaves the block standing; what was done before may still be committed.
TEST_P(mysql_error_row, within_a_block_takes_along_what_the_row_says) {
  const auto& want = GetParam();
  const auto e = answered_error(reply_of(want.number), {.server = home_of(want), .in_block = true});
  EXPECT_EQ(e.next, want.next);
  EXPECT_EQ(e.transaction_usable, want.takes == keeps);
  EXPECT_EQ(e.connection_usable, want.takes != ends);
  EXPECT_EQ(e.effect, side_effect::none) << "nothing counts before COMMIT";
}

TEST_P(mysql_error_row, answered_to_commit_is_in_doubt_only_where_the_row_says_so) {
  const auto& want = GetParam();
  const auto e = answered_error(reply_of(want.number),
                                {.server = home_of(want), .in_block = true, .committing = true});
  const bool doubtful = want.leaves != none;
  EXPECT_EQ(e.when, doubtful ? phase::commit_in_flight : phase::answered);
  EXPECT_EQ(e.effect, doubtful ? side_effect::unknown : side_effect::none);
}

INSTANTIATE_TEST_SUITE_P(every, mysql_error_row, testing::ValuesIn(expected),
                         [](const auto& param) {
                           return std::to_string(param.param.number) +
                                  (param.param.server == both               ? ""
                                   : home_of(param.param) == flavour::mysql ? "_mysql"
                                                                            : "_mariadb");
                         });

TEST(mysql_errors, every_row_is_expected_here) {
  std::set<std::pair<unsigned, spoken_by>> wanted;
  std::set<std::pair<unsigned, spoken_by>> there;
  for (const auto& e : expected) wanted.emplace(e.number, e.server);
  for (const auto& r : error_table())
    EXPECT_TRUE(there.emplace(r.number, r.server).second) << r.number;
  EXPECT_EQ(there, wanted);
}

TEST(mysql_errors, unlisted_number_means_what_its_class_means) {
  const auto code_of = [](unsigned number, std::string_view sqlstate) {
    return row_of(number, flavour::mariadb, sqlstate).code;
  };
  EXPECT_EQ(code_of(9999, "23000"), errc::constraint_violation);
  EXPECT_EQ(code_of(9999, "22007"), errc::invalid_data);
  EXPECT_EQ(code_of(9999, "21S01"), errc::invalid_statement);
  EXPECT_EQ(code_of(9999, "28000"), errc::authentication_failed);
  EXPECT_EQ(code_of(9999, "42000"), errc::invalid_statement);
  EXPECT_EQ(code_of(9999, "0A000"), errc::feature_not_supported);
  EXPECT_EQ(code_of(9999, "40001"), errc::serialization_failure);
  EXPECT_EQ(row_of(9999, flavour::mysql, "08S01").leaves, always);
  EXPECT_EQ(code_of(1062, "HY000"), errc::unique_violation) << "the number goes first";
  for (const auto* nothing : {"HY000", "", "4", "2300", "230000"})
    EXPECT_EQ(code_of(9999, nothing), errc::server_error) << nothing;
  const bool gives_up = row_of(0, flavour::mariadb).next == stop;
  EXPECT_TRUE(gives_up);
}

TEST(mysql_errors, the_two_servers_part_at_some_numbers) {
  // On MariaDB 4031 is about a trigger.
  EXPECT_EQ(answered_error({4031, "HY000", ""}, {.server = flavour::mysql}).code,
            errc::connection_lost);
  EXPECT_EQ(answered_error({4031, "HY000", ""}, {.server = flavour::mariadb}).code,
            errc::server_error);
  EXPECT_EQ(answered_error({1020, "HY000", ""}, {.server = flavour::mysql}).next, stop);
  EXPECT_EQ(answered_error({1020, "HY000", ""}, {.server = flavour::mariadb}).next, T);
}

// InnoDB undoes the statement alone, unless it is told otherwise or was not to wait at all.
TEST(mysql_errors, lock_wait_timeout_takes_what_the_server_rolls_back) {
  situation s{.in_block = true};
  auto e = answered_error(reply_of(1205), s);
  EXPECT_EQ(e.next, S);
  EXPECT_TRUE(e.transaction_usable);
  s.timeout_ends_block = true;
  e = answered_error(reply_of(1205), s);
  EXPECT_EQ(e.next, T);
  EXPECT_FALSE(e.transaction_usable);
  EXPECT_TRUE(e.connection_usable);
  s.timeout_ends_block = false;
  s.waits_not = true;
  e = answered_error(reply_of(1205), s);
  EXPECT_EQ(e.next, T);
  EXPECT_FALSE(e.transaction_usable);
  // Neither turns another error.
  EXPECT_TRUE(answered_error(reply_of(1062),
                             {.in_block = true, .waits_not = true, .timeout_ends_block = true})
                  .transaction_usable);
}

TEST(mysql_errors, stale_statement_is_one_only_if_it_was_cached) {
  for (const unsigned number : {1615U, 1243U}) {
    EXPECT_TRUE(means_stale_statement(number));
    const auto e = answered_error(reply_of(number), {.in_block = true, .used_cached = true});
    EXPECT_EQ(e.code, errc::stale_statement);
    EXPECT_EQ(e.next, S);
    EXPECT_EQ(e.level, warning);
    EXPECT_TRUE(e.transaction_usable);
    EXPECT_EQ(e.effect, side_effect::none);
  }
  EXPECT_EQ(answered_error(reply_of(1064), {.used_cached = true}).next, fix);
  EXPECT_FALSE(means_stale_statement(1064));
}

TEST(mysql_errors, read_only_server_is_known_by_its_own_word) {
  for (const unsigned number : {1290U, 1792U, 1836U}) {
    EXPECT_TRUE(may_mean_read_only(number));
    situation s{.in_block = true, .server_is_read_only = true};
    const auto e = answered_error(reply_of(number), s);
    EXPECT_EQ(e.code, errc::read_only_server);
    EXPECT_EQ(e.kind, category::failover);
    EXPECT_EQ(e.next, R);
    EXPECT_FALSE(e.connection_usable);
    EXPECT_FALSE(e.transaction_usable);
    EXPECT_EQ(e.effect, side_effect::none);
    EXPECT_EQ(e.native_code, std::to_string(number));
    s.opened_read_only = true; // we asked for it ourselves
    EXPECT_EQ(answered_error(reply_of(number), s).next, fix);
    // 1290 is the answer of every --option.
    s = {.in_block = true};
    EXPECT_EQ(answered_error(reply_of(number), s).next, fix);
    EXPECT_TRUE(answered_error(reply_of(number), s).transaction_usable);
  }
  EXPECT_FALSE(may_mean_read_only(1142));
  EXPECT_TRUE(names_read_only(answered_error(
      {1290, "HY000", "The MariaDB server is running with the --read-only option so it cannot"},
      {})));
  EXPECT_FALSE(names_read_only(answered_error(
      {1290, "HY000", "The MariaDB server is running with the --secure-file-priv option"}, {})));
  EXPECT_EQ(answered_error(reply_of(1142), {.server_is_read_only = true}).next, fix);
}

TEST(mysql_errors, the_constraint_is_read_out_of_the_text) {
  struct text_case {
    unsigned number;
    std::string_view message;
    std::string_view name;
  };
  for (const auto& k : std::vector<text_case>{
           {1062, "Duplicate entry '7' for key 'PRIMARY'", "PRIMARY"},
           {1062, "Duplicate entry '7' for key 'seat.seat_no'", "seat.seat_no"},
           {1062, "Duplicate entry 'a' for key 'b'' for key 'seat_no'", "seat_no"},
           {1586, "Duplicate entry '7' for key 'seat_no'", "seat_no"},
           {1452,
            "Cannot add or update a child row: a foreign key constraint fails (`a`.`b`, "
            "CONSTRAINT `b_a` FOREIGN KEY (`c`) REFERENCES `a` (`id`))",
            "b_a"},
           {1451, "Cannot delete: (`x`, CONSTRAINT `fk` FOREIGN KEY", "fk"},
           {3819, "Check constraint 'positive' is violated.", "positive"},
           {4025, "CONSTRAINT `positive` failed for `app`.`t`", "positive"},
           {1062, "for key 'x'", ""},
           {1062, "Duplicate entry for key 'x", ""},
           {1062, "", ""},
           {1064, "near ' for key 'x''", ""}}) {
    EXPECT_EQ(constraint_in(k.number, k.message), k.name) << k.message;
  }
  const auto e = answered_error({1062, "23000", "Duplicate entry 'secret' for key 'seat_no'"}, {});
  EXPECT_EQ(e.constraint, "seat_no");
  EXPECT_NE(e.message.find("(constraint \"seat_no\")"), std::string::npos) << e.message;
  EXPECT_EQ(e.message.find("secret"), std::string::npos);
}

// One row a fate: what is known of a request whose answer never came.
struct silence {
  std::string_view name;
  situation s;
  side_effect effect;
  phase when;
};

const std::vector<silence> silences{
    {"write", {}, side_effect::unknown, phase::sent},
    {"read", {.writes = false}, side_effect::none, phase::sent},
    {"write_not_sent", {.when = phase::not_sent}, side_effect::none, phase::not_sent},
    {"write_in_a_block", {.in_block = true}, side_effect::none, phase::sent},
    {"text_that_may_commit",
     {.in_block = true, .ends_block = true},
     side_effect::unknown,
     phase::sent},
    {"commit",
     {.in_block = true, .committing = true},
     side_effect::unknown,
     phase::commit_in_flight},
    {"commit_of_nothing",
     {.in_block = true, .committing = true, .wrote_nothing = true},
     side_effect::none,
     phase::commit_in_flight},
    {"commit_not_sent",
     {.in_block = true, .committing = true, .when = phase::not_sent},
     side_effect::none,
     phase::not_sent},
};

TEST(mysql_errors, silence_is_unknown_only_where_a_write_may_count) {
  for (const auto& k : silences) {
    for (const unsigned number : {0U, 2006U, 2013U, 2055U}) {
      const auto lost = lost_error(number, "the library's words", k.s);
      EXPECT_EQ(lost.code, errc::connection_lost) << k.name;
      EXPECT_EQ(lost.effect, k.effect) << k.name;
      EXPECT_EQ(lost.when, k.when) << k.name;
      EXPECT_FALSE(lost.connection_usable);
      EXPECT_FALSE(lost.transaction_usable);
      EXPECT_EQ(lost.native_code, number == 0 ? "" : std::to_string(number));
      EXPECT_EQ(lost.native_message, "the library's words");
      EXPECT_EQ(lost.next, k.s.in_block ? T : S) << k.name;
    }
    for (const auto status : {wait_status::timed_out, wait_status::cancelled}) {
      const auto e = unanswered_error(status, k.s);
      EXPECT_EQ(e.code,
                status == wait_status::cancelled ? errc::cancelled : errc::deadline_exceeded);
      EXPECT_EQ(e.effect, k.effect) << k.name;
      EXPECT_EQ(e.when, k.when) << k.name;
      EXPECT_FALSE(e.connection_usable);
      EXPECT_FALSE(e.transaction_usable);
    }
  }
}

TEST(mysql_errors, servers_last_words_say_why_it_hung_up) {
  for (const auto& k : silences) {
    const auto e = lost_error(1053, "", k.s);
    EXPECT_EQ(e.code, errc::server_shutdown) << k.name;
    EXPECT_EQ(e.native_code, "1053");
    EXPECT_EQ(e.effect, k.effect) << k.name;
    EXPECT_EQ(e.when, k.when) << k.name;
    EXPECT_FALSE(e.connection_usable);
  }
  const auto idle = lost_error(4031, "", {.server = flavour::mysql, .when = phase::not_sent});
  EXPECT_EQ(idle.code, errc::connection_lost);
  EXPECT_EQ(idle.level, warning);
  // An error whose row would keep the connection does not bring it back.
  EXPECT_FALSE(lost_error(1317, "", {}).connection_usable);
}

TEST(mysql_errors, refusal_costs_nothing) {
  const auto e = refusal(errc::parameter_count, "m");
  EXPECT_EQ(e.when, phase::not_sent);
  EXPECT_EQ(e.effect, side_effect::none);
  EXPECT_TRUE(e.connection_usable);
  EXPECT_TRUE(e.transaction_usable);
}

} // namespace
} // namespace holdfast::drivers::mysql
