#include "chaos/postgres_messages.hpp"
#include "unit/chaos/messages.hpp"

#include <gtest/gtest.h>
#include <random>

namespace holdfast::chaos {
namespace {

using namespace tests;

struct reader {
  postgres_messages protocol;
  std::vector<sighting> found;

  void read(side who, std::string_view bytes) { protocol.read(who, bytes, found); }
  void slowly(side who, std::string_view bytes) {
    for (const char& c : bytes) read(who, {&c, 1});
  }
  [[nodiscard]] std::string seen() const {
    std::string text;
    for (const auto& s : found) {
      text += s.what == message::commit ? "commit " : s.what == message::row ? "row " : "cancel ";
      text += std::to_string(s.begin) + "-" + std::to_string(s.end);
      text += s.what == message::row ? " #" + std::to_string(s.row) + "\n" : "\n";
    }
    return text;
  }
};

/// What is seen of `bytes`, with offsets from their beginning, whole and byte by byte.
std::string seen(side who, const std::string& bytes) {
  reader whole;
  reader slow;
  for (reader* r : {&whole, &slow}) r->read(side::client, startup());
  std::string shift = who == side::client ? bytes : "";
  whole.read(who, bytes);
  slow.slowly(who, bytes);
  EXPECT_EQ(whole.seen(), slow.seen());
  EXPECT_FALSE(whole.protocol.opaque());
  if (who == side::client)
    for (auto& s : whole.found) {
      s.begin -= startup().size();
      s.end -= startup().size();
    }
  return whole.seen();
}

TEST(postgres_messages, a_simple_commit_is_found_whatever_its_spelling) {
  EXPECT_EQ(seen(side::client, query("commit")), "commit 0-12\n");
  EXPECT_EQ(seen(side::client, query(" \n COMMIT;")), "commit 0-16\n");
  EXPECT_EQ(seen(side::client, query("end")), "commit 0-9\n");
  EXPECT_EQ(seen(side::client, query("Commit and chain")), "commit 0-22\n");
  for (const char* sql : {"", "select 1", "committed", "end_of", "comm", "begin", "rollback"})
    EXPECT_EQ(seen(side::client, query(sql)), "") << sql;
}

TEST(postgres_messages, an_executed_commit_is_found_by_its_portal) {
  const auto prepared = parse("c", "commit") + sync();
  EXPECT_EQ(seen(side::client, prepared), "");
  const auto before = prepared.size() + bind("", "c").size();
  const auto run = prepared + bind("", "c") + execute("");
  EXPECT_EQ(seen(side::client, run), "commit " + std::to_string(before) + "-" +
                                         std::to_string(before + execute("").size()) + "\n");
  // A portal that is bound anew, a statement that is prepared anew or closed: no commit any more.
  EXPECT_EQ(seen(side::client, parse("", "COMMIT") + bind("", "") + parse("x", "select 1") +
                                   bind("", "x") + execute("")),
            "");
  EXPECT_EQ(seen(side::client, prepared + message_of('C', "Sc\0"s) + bind("", "c") + execute("")),
            "");
  EXPECT_EQ(seen(side::client, bind("", "unheard") + execute("")), "");
}

TEST(postgres_messages, rows_are_counted_within_their_result) {
  const auto size = row(10).size();
  EXPECT_EQ(seen(side::server, row(10) + row(10) + complete() + ready() + row(10)),
            "row 0-" + std::to_string(size) + " #1\nrow " + std::to_string(size) + "-" +
                std::to_string(2 * size) + " #2\nrow " +
                std::to_string(2 * size + complete().size() + ready().size()) + "-" +
                std::to_string(3 * size + complete().size() + ready().size()) + " #1\n");
}

TEST(postgres_messages, what_may_be_a_commit_is_undecided_until_it_is_known) {
  reader r;
  r.read(side::client, startup());
  const auto text = query("commit");
  for (std::size_t n = 1; n < text.size(); ++n) {
    r.read(side::client, text.substr(n - 1, 1));
    EXPECT_EQ(r.protocol.undecided(side::client), n);
  }
  r.read(side::client, text.substr(text.size() - 1));
  EXPECT_EQ(r.protocol.undecided(side::client), 0U);
  // Of a long one only the beginning matters.
  r.read(side::client, query("insert " + std::string(5000, 'x')).substr(0, 600));
  EXPECT_EQ(r.protocol.undecided(side::client), 0U);
}

TEST(postgres_messages, refused_encryption_goes_on_and_granted_encryption_is_opaque) {
  reader r;
  r.read(side::client, packet(80877104, "") + packet(80877103, ""));
  r.read(side::server, "NN");
  r.read(side::client, startup() + query("commit"));
  EXPECT_EQ(r.found.size(), 1U);

  reader tls;
  tls.read(side::client, packet(80877103, ""));
  tls.read(side::server, "S");
  EXPECT_TRUE(tls.protocol.opaque());
  tls.read(side::client, startup() + query("commit"));
  EXPECT_EQ(tls.seen(), "");
  EXPECT_EQ(tls.protocol.undecided(side::client), 0U);
}

TEST(postgres_messages, a_cancel_request_is_seen) {
  reader r;
  r.read(side::client, packet(80877102, number(1) + number(2)));
  EXPECT_EQ(r.seen(), "cancel 0-16\n");
}

TEST(postgres_messages, what_is_not_postgres_holds_back_nothing_and_is_opaque) {
  reader short_talk;
  short_talk.read(side::client, "hi");
  EXPECT_EQ(short_talk.protocol.undecided(side::client), 0U);
  short_talk.read(side::server, "ho");
  EXPECT_TRUE(short_talk.protocol.opaque());

  for (const auto& wrong :
       {"GET / HTTP/1.1"s, number(7) + number(196608), number(10001) + number(196608),
        number(0x80000000U) + number(196608), packet(131072, "")}) {
    reader r;
    r.read(side::client, wrong);
    EXPECT_TRUE(r.protocol.opaque());
  }
}

TEST(postgres_messages, garbage_and_oversize_lengths_make_it_opaque) {
  for (const auto& wrong : {"?"s + number(10), "Q"s + number(3), "Q"s + number(0x40000000),
                            "Q"s + number(0xffffffffU), "S"s + number(5), "Z"s + number(5)}) {
    reader r;
    r.read(side::client, startup() + wrong + query("commit"));
    EXPECT_TRUE(r.protocol.opaque()) << static_cast<int>(wrong.front());
    EXPECT_EQ(r.seen(), "");
  }
  reader r;
  r.read(side::client, startup());
  r.read(side::server, "D"s + number(0x7fffffff));
  EXPECT_TRUE(r.protocol.opaque());
}

TEST(postgres_messages, survives_any_bytes_and_sees_the_same_however_they_are_cut) {
  std::mt19937 random{7};
  const std::string letters = "QPBECDSXZTRNdcp12\0\0\0\0\0\0\4\5\6\10\14 commit;end"s;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = startup();
    for (std::size_t n = random() % 200; n > 0; --n)
      bytes += random() % 8 == 0 ? static_cast<char>(random()) : letters[random() % letters.size()];
    reader whole;
    reader cut;
    whole.read(side::client, bytes);
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = std::min<std::size_t>(1 + random() % 20, bytes.size() - at);
      cut.read(side::client, std::string_view{bytes}.substr(at, size));
      at += size;
    }
    ASSERT_EQ(whole.seen(), cut.seen()) << round;
    ASSERT_EQ(whole.protocol.undecided(side::client), cut.protocol.undecided(side::client));
  }
}

} // namespace
} // namespace holdfast::chaos
