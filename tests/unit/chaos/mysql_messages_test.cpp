#include "chaos/mysql_messages.hpp"
#include "unit/chaos/mysql_packets.hpp"

#include <gtest/gtest.h>

namespace holdfast::chaos {
namespace {

using namespace tests::mysql;

struct line {
  side who{};
  std::string bytes;
};
line says(const std::string& bytes) { return {side::client, bytes}; }
line hears(const std::string& bytes) { return {side::server, bytes}; }

struct reader {
  mysql_messages protocol;
  std::vector<sighting> found;

  [[nodiscard]] std::string seen() const {
    std::string text;
    for (const auto& s : found) {
      text += s.what == message::commit ? "commit" : s.what == message::row ? "row" : "cancel";
      text += " " + std::to_string(s.end - s.begin);
      text += s.what == message::row ? " #" + std::to_string(s.row) + "\n" : "\n";
    }
    return text;
  }
};

/// What is seen of a session behind its login, whole and byte by byte: sizes of messages.
std::string seen(const std::vector<line>& lines, std::uint32_t flags = usual, bool opaque = false) {
  reader whole;
  reader slow;
  std::vector<line> all{hears(greeting()), says(login(flags)), hears(ok())};
  all.insert(all.end(), lines.begin(), lines.end());
  for (const auto& [who, bytes] : all) {
    whole.protocol.read(who, bytes, whole.found);
    for (const char& c : bytes) slow.protocol.read(who, {&c, 1}, slow.found);
    EXPECT_EQ(whole.protocol.undecided(who), 0U);
  }
  EXPECT_EQ(whole.seen(), slow.seen());
  EXPECT_EQ(whole.protocol.opaque(), opaque);
  EXPECT_EQ(slow.protocol.opaque(), opaque);
  return whole.seen();
}

TEST(mysql_messages, a_simple_commit_is_found_whatever_its_spelling) {
  EXPECT_EQ(seen({says(query("commit"))}), "commit 11\n");
  EXPECT_EQ(seen({says(query(" \n COMMIT;"))}), "commit 15\n");
  EXPECT_EQ(seen({says(query("Commit and chain"))}), "commit 21\n");
  EXPECT_EQ(seen({says(query("\0\1commit"s))}), "commit 13\n"); // with no attributes before it
  for (const char* sql : {"", "select 1", "committed", "comm", "end", "begin", "rollback"})
    EXPECT_EQ(seen({says(query(sql))}), "") << sql;
}

TEST(mysql_messages, a_prepared_commit_is_found_by_its_number) {
  const std::vector<line> session{
      says(prepare("commit")),   hears(prepared(7, 0, 0)),
      says(prepare("select ?")), hears(prepared(8, 1, 1)),
      says(execute(8)),          hears(columns(1) + end() + row("1") + end()),
      says(execute(7)),          hears(ok()),
      says(close_statement(7)),  says(execute(7)),
      hears(failed()),
  };
  EXPECT_EQ(seen(session), "row 6 #1\ncommit 14\n");
}

TEST(mysql_messages, a_commit_is_executed_before_its_number_is_known) {
  EXPECT_EQ(seen({says(prepare("commit") + execute(0xffffffff)), hears(prepared(1, 0, 0) + ok())}),
            "commit 14\n");
  EXPECT_EQ(seen({says(prepare("select 1") + execute(0xffffffff))}), "");
}

TEST(mysql_messages, a_reset_forgets_what_was_prepared) {
  EXPECT_EQ(seen({says(prepare("commit")), hears(prepared(1, 0, 0)), says(command(0x1f, "")),
                  hears(ok()), says(execute(1))}),
            "");
}

TEST(mysql_messages, a_failed_preparation_leaves_no_commit) {
  EXPECT_EQ(seen({says(prepare("commit x")), hears(failed()), says(prepare("select 1")),
                  hears(prepared(1, 1, 0)), says(execute(1))}),
            "");
}

TEST(mysql_messages, rows_are_counted_by_result) {
  const auto result = columns(2) + end() + row("a") + row("bcd") + end();
  EXPECT_EQ(seen({says(query("select")), hears(result), says(query("select")), hears(result)}),
            "row 6 #1\nrow 8 #2\nrow 6 #1\nrow 8 #2\n");
  // A result of several statements.
  constexpr std::uint16_t more = 8;
  EXPECT_EQ(seen({says(query("call p()")),
                  hears(columns(1) + end() + row("a") + end(more) + ok(more) + columns(1) + end() +
                        row("b") + end(more) + ok()),
                  says(query("select")), hears(columns(1) + end() + row("c") + end())}),
            "row 6 #1\nrow 6 #1\nrow 6 #1\n");
  // A result that ends in an error.
  EXPECT_EQ(seen({says(query("select")), hears(columns(1) + end() + row("a") + failed()),
                  says(query("select")), hears(columns(1) + end() + row("b") + end())}),
            "row 6 #1\nrow 6 #1\n");
}

TEST(mysql_messages, the_eof_behind_columns_may_be_left_out) {
  const auto last = packet("\xfe\0\0\2\0\0\0"s, 5); // an OK with the head of an EOF
  EXPECT_EQ(seen({says(query("select")), hears(columns(1) + row("a") + last), says(query("commit")),
                  hears(ok())},
                 usual | deprecate_eof),
            "row 6 #1\ncommit 11\n");
  const auto statement = packet("\0\1\0\0\0\1\0\1\0\0\0\0"s, 1) + column() + column();
  EXPECT_EQ(seen({says(prepare("select ?")), hears(statement), says(execute(1)),
                  hears(columns(1) + row("a") + last)},
                 usual | deprecate_eof),
            "row 6 #1\n");
}

TEST(mysql_messages, columns_may_be_left_out_that_were_told_before) {
  EXPECT_EQ(seen({says(execute(1)), hears(packet("\2\0"s, 1) + end() + row("a") + end())}),
            "row 6 #1\n");
}

TEST(mysql_messages, rows_of_a_cursor_come_when_they_are_fetched) {
  constexpr std::uint16_t cursor = 0x40;
  EXPECT_EQ(seen({says(execute(1)), hears(columns(1) + end(cursor)),
                  says(command(0x1c, "12345678")), hears(row("a") + row("b") + end(cursor)),
                  says(command(0x1c, "12345678")), hears(row("c") + end())}),
            "row 6 #1\nrow 6 #2\nrow 6 #3\n");
}

TEST(mysql_messages, replies_go_to_the_commands_in_their_order) {
  EXPECT_EQ(
      seen({says(command(0x0e, "") + query("select") + command(0x19, "1234") + query("commit")),
            hears(ok() + columns(1) + end() + row("a") + end() + ok())}),
      "commit 11\nrow 6 #1\n");
}

TEST(mysql_messages, a_row_of_16_mib_is_one_row) {
  const std::string huge(0xffffff, 'v');
  const auto first = packet("\xfe"s + huge.substr(1), 4);
  EXPECT_EQ(seen({says(query("select")), hears(columns(1) + end()), hears(first),
                  hears(packet("\xfe\0\0\0\0"s, 5)), hears(row("a") + end())}),
            "row 16777219 #1\nrow 6 #2\n");
}

TEST(mysql_messages, a_kill_is_a_cancel) {
  EXPECT_EQ(seen({says(query("KILL QUERY 7"))}), "cancel 17\n");
  EXPECT_EQ(seen({says(command(0x0c, "1234"))}), "cancel 9\n");
}

TEST(mysql_messages, progress_and_last_words_are_no_replies) {
  const auto progress = packet("\xff\xff\xff\1\1\1\0\0\0"s, 1);
  EXPECT_EQ(
      seen({says(query("alter table")), hears(progress + progress + ok()), says(query("select")),
            hears(columns(1) + end() + row("a") + end()), hears(failed())}),
      "row 6 #1\n");
}

TEST(mysql_messages, logging_in_again_is_read_over) {
  EXPECT_EQ(seen({says(command(0x11, "app")), hears(packet("\xfemethod\0"s, 1)),
                  says(packet("secret", 2)), hears(ok()), says(query("commit"))}),
            "commit 11\n");
}

TEST(mysql_messages, tls_and_compression_are_opaque) {
  EXPECT_EQ(seen({says(query("commit"))}, usual | 0x800, true), "");
  EXPECT_EQ(seen({says(query("commit"))}, usual | 0x20, true), "");
  EXPECT_EQ(seen({says(query("commit"))}, 0, true), ""); // before 4.1
}

TEST(mysql_messages, what_is_not_understood_is_opaque_from_there_on) {
  EXPECT_EQ(seen({says(command(0x12, "binlog")), says(query("commit"))}, usual, true), "");
  EXPECT_EQ(seen({hears(ok()), says(query("commit"))}, usual, true), ""); // nobody asked
  EXPECT_EQ(seen({says(query("load data")),
                  hears(packet("\xfb"
                               "file",
                               1)),
                  says(query("commit"))},
                 usual, true),
            "");
  reader other;
  other.protocol.read(side::client, "GET / HTTP/1.1\r\n",
                      other.found); // who speaks first is another
  EXPECT_TRUE(other.protocol.opaque());
  reader refused;
  refused.protocol.read(side::server, failed(), refused.found);
  EXPECT_TRUE(refused.protocol.opaque());
}

TEST(mysql_messages, a_message_is_held_back_until_it_is_known) {
  reader r;
  for (const auto& [who, bytes] : {hears(greeting()), says(login()), hears(ok())})
    r.protocol.read(who, bytes, r.found);
  const auto commit = query("commit");
  r.protocol.read(side::client, commit.substr(0, 7), r.found);
  EXPECT_EQ(r.protocol.undecided(side::client), 7U);
  EXPECT_TRUE(r.found.empty());
  r.protocol.read(side::client, commit.substr(7), r.found);
  EXPECT_EQ(r.protocol.undecided(side::client), 0U);
  const auto begin = login().size();
  ASSERT_EQ(r.found.size(), 1U);
  EXPECT_EQ(r.found[0].begin, begin);
  EXPECT_EQ(r.found[0].end, begin + commit.size());
}

TEST(mysql_messages, a_row_says_where_its_length_is) {
  reader r;
  std::uint64_t told = 0;
  for (const auto& [who, bytes] : {hears(greeting()), says(login()), hears(ok()),
                                   says(query("select")), hears(columns(1) + end())}) {
    r.protocol.read(who, bytes, r.found);
    if (who == side::server) told += bytes.size();
  }
  r.protocol.read(side::server, row("a"), r.found);
  ASSERT_EQ(r.found.size(), 1U);
  EXPECT_EQ(r.found[0].begin, told);
  EXPECT_EQ(r.found[0].length_at, told + 2);
  EXPECT_EQ(r.found[0].body_at, told + 4);
}

} // namespace
} // namespace holdfast::chaos
