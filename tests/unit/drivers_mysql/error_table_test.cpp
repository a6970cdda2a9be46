// The error table, row by row.
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

TEST(mysql_error_table, every_row_is_expected_here) {
  std::set<std::pair<unsigned, spoken_by>> wanted;
  std::set<std::pair<unsigned, spoken_by>> there;
  for (const auto& e : expected) wanted.emplace(e.number, e.server);
  for (const auto& r : error_table())
    EXPECT_TRUE(there.emplace(r.number, r.server).second) << r.number;
  EXPECT_EQ(there, wanted);
}

} // namespace
} // namespace holdfast::drivers::mysql
