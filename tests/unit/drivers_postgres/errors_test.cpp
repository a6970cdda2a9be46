#include "drivers/postgres/errors.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::drivers::postgres {
namespace {

constexpr auto S = advice::retry_statement;
constexpr auto T = advice::retry_transaction;
constexpr auto B = advice::back_off;
constexpr auto fix = advice::fix_request;
constexpr auto stop = advice::give_up;
constexpr auto info = severity::info;
constexpr auto warning = severity::warning;
constexpr auto serious = severity::error;
constexpr auto critical = severity::critical;
constexpr bool keeps = true;
constexpr bool ends = false;

// Written out once more, with the verdict that the design's page gives, so that no row changes its
// meaning unnoticed. A verdict of the page binds what the row may say: see `obeys`.
struct expectation {
  std::string_view sqlstate;
  errc meaning;
  category kind;
  severity level;
  advice next;
  std::string_view verdict;
  bool keeps_connection;
};

void PrintTo(const expectation& e, std::ostream* out) { *out << e.sqlstate; }

const std::vector<expectation> expected{
    {"08000", errc::connection_lost, category::connection, serious, S, "N", ends},
    {"08001", errc::connect_refused, category::connection, critical, B, "N+B", ends},
    {"08003", errc::connection_lost, category::connection, serious, S, "N", ends},
    {"08004", errc::connect_refused, category::connection, critical, B, "N+B", ends},
    {"08006", errc::connection_lost, category::connection, serious, S, "N", ends},
    {"08007", errc::outcome_unknown, category::connection, critical, stop, "U", ends},
    {"08P01", errc::protocol_violation, category::protocol, critical, stop, "X", ends},
    {"08", errc::connection_lost, category::connection, serious, S, "N", ends},
    {"0A000", errc::feature_not_supported, category::request, serious, fix, "S or X", keeps},
    {"0A", errc::feature_not_supported, category::request, serious, fix, "X", keeps},
    {"0L", errc::permission_denied, category::permission, serious, fix, "X", keeps},
    {"0P", errc::permission_denied, category::permission, serious, fix, "X", keeps},
    {"21", errc::invalid_statement, category::request, serious, fix, "X", keeps},
    {"22001", errc::value_out_of_range, category::data, serious, fix, "X", keeps},
    {"22003", errc::value_out_of_range, category::data, serious, fix, "X", keeps},
    {"22008", errc::value_out_of_range, category::data, serious, fix, "X", keeps},
    {"22", errc::invalid_data, category::data, serious, fix, "X", keeps},
    {"23001", errc::foreign_key_violation, category::constraint, info, fix, "X", keeps},
    {"23502", errc::not_null_violation, category::constraint, info, fix, "X", keeps},
    {"23503", errc::foreign_key_violation, category::constraint, info, fix, "X", keeps},
    {"23505", errc::unique_violation, category::constraint, info, fix, "X", keeps},
    {"23514", errc::check_violation, category::constraint, info, fix, "X", keeps},
    {"23P01", errc::exclusion_violation, category::constraint, info, fix, "X", keeps},
    {"23", errc::constraint_violation, category::constraint, info, fix, "X", keeps},
    {"25006", errc::read_only_transaction, category::request, serious, fix, "R or X", keeps},
    {"25P01", errc::transaction_finished, category::request, serious, fix, "X", keeps},
    {"25P02", errc::transaction_failed, category::request, serious, stop, "X", keeps},
    {"25P03", errc::idle_in_transaction_timeout, category::timeout, serious, T, "N", ends},
    {"25P04", errc::statement_timeout, category::timeout, serious, T, "N", ends},
    {"25", errc::invalid_statement, category::request, serious, fix, "X", keeps},
    {"26000", errc::stale_statement, category::request, warning, fix, "S or X", keeps},
    {"26", errc::stale_statement, category::request, warning, fix, "S or X", keeps},
    {"28000", errc::authentication_failed, category::auth, critical, stop, "X", ends},
    {"28P01", errc::authentication_failed, category::auth, critical, stop, "X", ends},
    {"28", errc::authentication_failed, category::auth, critical, stop, "X", ends},
    {"2B", errc::invalid_statement, category::request, serious, fix, "X", keeps},
    {"2D", errc::invalid_statement, category::request, serious, fix, "X", keeps},
    {"34", errc::unknown_object, category::request, serious, fix, "X", keeps},
    {"3B", errc::invalid_statement, category::request, serious, fix, "X", keeps},
    {"3D000", errc::unknown_database, category::request, critical, stop, "X", keeps},
    {"3F", errc::unknown_object, category::request, serious, fix, "X", keeps},
    {"40001", errc::serialization_failure, category::conflict, info, T, "T", keeps},
    {"40002", errc::constraint_violation, category::constraint, info, fix, "X", keeps},
    {"40003", errc::outcome_unknown, category::connection, critical, stop, "U", ends},
    {"40P01", errc::deadlock, category::conflict, warning, T, "T", keeps},
    {"40", errc::transaction_failed, category::request, serious, stop, "X", keeps},
    {"42501", errc::permission_denied, category::permission, serious, fix, "X", keeps},
    {"42601", errc::syntax_error, category::request, serious, fix, "X", keeps},
    {"42703", errc::unknown_object, category::request, serious, fix, "X", keeps},
    {"42704", errc::unknown_object, category::request, serious, fix, "X", keeps},
    {"42883", errc::unknown_object, category::request, serious, fix, "X", keeps},
    {"42P01", errc::unknown_object, category::request, serious, fix, "X", keeps},
    {"42P05", errc::stale_statement, category::request, warning, fix, "S or X", keeps},
    {"42P18", errc::parameter_type, category::request, serious, fix, "X", keeps},
    {"42", errc::invalid_statement, category::request, serious, fix, "X", keeps},
    {"44", errc::check_violation, category::constraint, info, fix, "X", keeps},
    {"53100", errc::disk_full, category::resource, critical, B, "breaker", keeps},
    {"53200", errc::out_of_memory, category::resource, critical, B, "B", keeps},
    {"53300", errc::too_many_connections, category::overload, critical, B, "B", keeps},
    {"53", errc::server_overloaded, category::overload, critical, B, "B", keeps},
    {"54", errc::invalid_statement, category::request, serious, fix, "X", keeps},
    {"55000", errc::invalid_statement, category::request, serious, stop, "X", keeps},
    {"55006", errc::invalid_statement, category::request, serious, stop, "X", keeps},
    {"55P03", errc::lock_not_available, category::conflict, info, T, "T+B", keeps},
    {"55", errc::invalid_statement, category::request, serious, stop, "X", keeps},
    {"57014", errc::statement_timeout, category::timeout, serious, stop, "X", keeps},
    {"57P01", errc::connection_lost, category::connection, serious, S, "N", ends},
    {"57P02", errc::server_shutdown, category::connection, critical, S, "N", ends},
    {"57P03", errc::server_starting, category::connection, critical, S, "N+B", ends},
    {"57P04", errc::unknown_database, category::request, critical, stop, "X", ends},
    {"57P05", errc::connection_lost, category::connection, warning, S, "N", ends},
    {"57", errc::server_error, category::internal, serious, stop, "X", keeps},
    {"58", errc::io_failure, category::resource, critical, B, "critical", ends},
    {"F0", errc::io_failure, category::resource, critical, B, "critical", ends},
    {"P0", errc::server_error, category::request, serious, fix, "X", keeps},
    {"XX001", errc::data_corrupted, category::corruption, critical, stop, "critical", ends},
    {"XX002", errc::data_corrupted, category::corruption, critical, stop, "critical", ends},
    {"XX", errc::server_error, category::internal, critical, stop, "X", keeps},
};

/// S, T, N, R, B, U and X as the page defines them.
bool obeys(const error_row& r, std::string_view verdict) {
  const bool gives_up = r.next == fix || r.next == stop;
  if (verdict == "U") return r.outcome_unknown && r.ends_connection && r.next == stop;
  if (r.outcome_unknown) return false;
  if (verdict == "T" || verdict == "T+B") return r.next == T && !r.ends_connection;
  if (verdict == "B") return r.next == B && !r.ends_connection;
  if (verdict == "breaker") return r.next == B && r.kind == category::resource;
  if (verdict == "N") return (r.next == S || r.next == T) && r.ends_connection;
  if (verdict == "N+B") return (r.next == S || r.next == B) && r.ends_connection;
  if (verdict == "critical") return r.level == critical && r.ends_connection;
  // What turns them into S or R is a matter of the situation, not of the row.
  if (verdict == "S or X" || verdict == "R or X") return r.next == fix && !r.ends_connection;
  return verdict == "X" && gives_up;
}

server_reply reply_of(std::string_view sqlstate, std::string_view severity = "ERROR") {
  server_reply reply;
  reply.sqlstate = sqlstate;
  reply.severity = severity;
  reply.message = "words";
  return reply;
}

class postgres_error_row : public testing::TestWithParam<expectation> {};

TEST_P(postgres_error_row, classifies_as_the_page_says) {
  const auto& want = GetParam();
  const auto& row = row_of(want.sqlstate);
  ASSERT_EQ(row.sqlstate, want.sqlstate) << "no row of its own";
  EXPECT_TRUE(obeys(row, want.verdict)) << want.verdict;
  EXPECT_FALSE(row.source.empty());
  situation outside;
  const auto e = answered_error(reply_of(want.sqlstate), outside);
  EXPECT_EQ(e.code, want.meaning) << to_string(e.code);
  EXPECT_EQ(e.kind, want.kind);
  EXPECT_EQ(e.level, want.level);
  EXPECT_EQ(e.next, want.next);
  EXPECT_EQ(e.connection_usable, want.keeps_connection);
  EXPECT_EQ(e.transaction_usable, want.keeps_connection) << "there was none to be lost";
  EXPECT_EQ(e.when, phase::answered);
  EXPECT_EQ(e.effect, want.verdict == "U" ? side_effect::unknown : side_effect::none);
  EXPECT_EQ(e.native_code, want.sqlstate);
  EXPECT_EQ(e.native_message, "words");
  EXPECT_EQ(e.message.find("words"), std::string::npos) << "they may hold user data";
  EXPECT_FALSE(e.message.empty());
}

// An error aborts the block: to repeat the statement means to repeat the whole.
TEST_P(postgres_error_row, within_a_block_takes_the_block_along) {
  const auto& want = GetParam();
  situation inside;
  inside.in_block = true;
  const auto e = answered_error(reply_of(want.sqlstate), inside);
  EXPECT_EQ(e.next, want.next == S ? T : want.next);
  EXPECT_FALSE(e.transaction_usable);
  EXPECT_EQ(e.connection_usable, want.keeps_connection);
  EXPECT_EQ(e.effect, side_effect::none) << "nothing counts before COMMIT";
}

TEST_P(postgres_error_row, answered_to_commit_is_not_committed_unless_the_server_does_not_know) {
  const auto& want = GetParam();
  situation commit;
  commit.in_block = true;
  commit.committing = true;
  const auto e = answered_error(reply_of(want.sqlstate), commit);
  EXPECT_EQ(e.when, phase::answered);
  EXPECT_EQ(e.effect, want.verdict == "U" ? side_effect::unknown : side_effect::none);
}

// The session ends with it, perhaps after its work was done.
TEST_P(postgres_error_row, as_fatal_ends_the_connection_and_leaves_a_write_in_doubt) {
  const auto& want = GetParam();
  for (const auto* severity : {"FATAL", "PANIC"}) {
    situation s;
    auto e = answered_error(reply_of(want.sqlstate, severity), s);
    EXPECT_FALSE(e.connection_usable);
    EXPECT_FALSE(e.transaction_usable);
    EXPECT_EQ(e.effect, side_effect::unknown);
    EXPECT_EQ(e.when, phase::sent);
    s.writes = false;
    EXPECT_EQ(answered_error(reply_of(want.sqlstate, severity), s).effect, side_effect::none);
    s = {.in_block = true, .committing = true};
    e = answered_error(reply_of(want.sqlstate, severity), s);
    EXPECT_EQ(e.effect, side_effect::unknown);
    EXPECT_EQ(e.when, phase::commit_in_flight);
  }
}

INSTANTIATE_TEST_SUITE_P(every, postgres_error_row, testing::ValuesIn(expected),
                         [](const auto& param) { return std::string{param.param.sqlstate}; });

TEST(postgres_errors, every_row_is_expected_here) {
  std::set<std::string_view> wanted;
  std::set<std::string_view> there;
  for (const auto& e : expected) wanted.insert(e.sqlstate);
  for (const auto& r : error_table()) EXPECT_TRUE(there.insert(r.sqlstate).second) << r.sqlstate;
  EXPECT_EQ(there, wanted);
}

TEST(postgres_errors, unlisted_code_means_what_its_class_means) {
  EXPECT_EQ(row_of("23999").sqlstate, "23");
  EXPECT_EQ(row_of("58030").code, errc::io_failure);
  EXPECT_EQ(row_of("53400").next, B);
  EXPECT_EQ(row_of("53000").next, B);
  EXPECT_EQ(row_of("22012").code, errc::invalid_data);
  EXPECT_EQ(row_of("28999").code, errc::authentication_failed);
  for (const auto* unknown : {"ZZ999", "99", "", "4", "4000"}) {
    EXPECT_EQ(row_of(unknown).code,
              unknown == std::string_view{"4000"} ? errc::transaction_failed : errc::server_error)
        << unknown;
    const bool gives_up = row_of(unknown).next == stop;
    EXPECT_TRUE(gives_up) << unknown;
  }
}

TEST(postgres_errors, constraint_and_position_are_told) {
  auto reply = reply_of("23505");
  reply.constraint = "seat_pkey";
  auto e = answered_error(reply, {});
  EXPECT_EQ(e.constraint, "seat_pkey");
  EXPECT_NE(e.message.find("(constraint \"seat_pkey\")"), std::string::npos) << e.message;
  reply = reply_of("42601");
  reply.position = "17";
  e = answered_error(reply, {});
  EXPECT_NE(e.message.find("(at character 17)"), std::string::npos) << e.message;
}

// Feature-not-supported and the like mean "prepare anew" only if this call ran what an earlier one
// had prepared.
TEST(postgres_errors, stale_statement_is_one_only_if_it_was_cached) {
  for (const auto* code : {"0A000", "26000", "42P05"}) {
    EXPECT_TRUE(means_stale_statement(code));
    situation s;
    s.used_cached = true;
    auto e = answered_error(reply_of(code), s);
    EXPECT_EQ(e.code, errc::stale_statement);
    EXPECT_EQ(e.next, S);
    EXPECT_EQ(e.level, warning);
    EXPECT_TRUE(e.connection_usable);
    EXPECT_EQ(e.effect, side_effect::none);
    s.in_block = true;
    EXPECT_EQ(answered_error(reply_of(code), s).next, T);
  }
  situation s;
  s.used_cached = true;
  EXPECT_EQ(answered_error(reply_of("42601"), s).next, fix);
  EXPECT_FALSE(means_stale_statement("42601"));
}

TEST(postgres_errors, read_only_server_is_known_by_its_own_word) {
  situation s;
  s.server_is_standby = true;
  const auto e = answered_error(reply_of("25006"), s);
  EXPECT_EQ(e.code, errc::read_only_server);
  EXPECT_EQ(e.kind, category::failover);
  EXPECT_EQ(e.next, advice::re_resolve);
  EXPECT_FALSE(e.connection_usable);
  EXPECT_FALSE(e.transaction_usable);
  EXPECT_EQ(e.effect, side_effect::none);
  EXPECT_EQ(e.native_code, "25006");
  // We asked for it ourselves.
  s.opened_read_only = true;
  EXPECT_EQ(answered_error(reply_of("25006"), s).code, errc::read_only_transaction);
  EXPECT_EQ(answered_error(reply_of("25006"), s).next, fix);
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
    {"commit_not_sent",
     {.in_block = true, .committing = true, .when = phase::not_sent},
     side_effect::none,
     phase::not_sent},
};

TEST(postgres_errors, silence_is_unknown_only_where_a_write_may_count) {
  for (const auto& k : silences) {
    const auto lost = lost_error("", "libpq's words", k.s);
    EXPECT_EQ(lost.code, errc::connection_lost) << k.name;
    EXPECT_EQ(lost.effect, k.effect) << k.name;
    EXPECT_EQ(lost.when, k.when) << k.name;
    EXPECT_FALSE(lost.connection_usable);
    EXPECT_FALSE(lost.transaction_usable);
    EXPECT_EQ(lost.native_code, "");
    EXPECT_EQ(lost.native_message, "libpq's words");
    EXPECT_EQ(lost.next, k.s.in_block ? T : S) << k.name;
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

TEST(postgres_errors, servers_last_words_say_why_it_hung_up) {
  for (const auto& k : silences) {
    const auto e = lost_error("57P01", "", k.s);
    EXPECT_EQ(e.code, errc::connection_lost) << k.name;
    EXPECT_EQ(e.native_code, "57P01");
    EXPECT_EQ(e.effect, k.effect) << k.name;
    EXPECT_EQ(e.when, k.when) << k.name;
    EXPECT_FALSE(e.connection_usable);
  }
  const auto idle = lost_error("57P05", "", {.when = phase::not_sent});
  EXPECT_EQ(idle.code, errc::connection_lost);
  EXPECT_EQ(idle.level, warning);
}

TEST(postgres_errors, refusal_costs_nothing) {
  const auto e = refusal(errc::parameter_count, "m");
  EXPECT_EQ(e.when, phase::not_sent);
  EXPECT_EQ(e.effect, side_effect::none);
  EXPECT_TRUE(e.connection_usable);
  EXPECT_TRUE(e.transaction_usable);
}

} // namespace
} // namespace holdfast::drivers::postgres
