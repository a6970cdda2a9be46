#include "drivers/mysql/errors.hpp"

#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <string_view>

namespace holdfast::drivers::mysql {
namespace {

constexpr auto S = advice::retry_statement;
constexpr auto T = advice::retry_transaction;
constexpr auto R = advice::re_resolve;
constexpr auto fix = advice::fix_request;
constexpr auto stop = advice::give_up;
constexpr auto warning = severity::warning;
using enum spoken_by;
using enum doubt;

server_reply reply_of(unsigned number) { return {number, "HY000", "words"}; }

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

// A part of what it ran may have been committed.
TEST(mysql_errors, what_ran_others_is_not_known_undone) {
  for (const unsigned number : {1213U, 1205U, 1615U}) {
    const auto e = answered_error(reply_of(number), {.runs_others = true, .used_cached = true});
    EXPECT_EQ(e.effect, side_effect::unknown) << number;
    EXPECT_EQ(e.next, stop) << number;
    EXPECT_EQ(e.when, phase::answered);
    EXPECT_TRUE(e.connection_usable);
  }
  EXPECT_EQ(answered_error(reply_of(1213), {.runs_others = true}).code, errc::deadlock);
  const auto twice = answered_error(reply_of(1062), {.runs_others = true});
  EXPECT_EQ(twice.effect, side_effect::unknown);
  EXPECT_EQ(twice.next, fix);
  const auto inside = answered_error(reply_of(1213), {.in_block = true, .runs_others = true});
  EXPECT_EQ(inside.effect, side_effect::none);
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
