// What a user writes, on a real MariaDB.
#include "testing/mariadb_server.hpp"

#include <holdfast/mysql.hpp>

#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <thread>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

testing::mariadb_server& server() {
  static const auto made = [] {
    auto s =
        std::make_unique<testing::mariadb_server>(testing::mariadb_server_options{.fsync = false});
    s->start();
    s->wait_ready();
    return s;
  }();
  return *made;
}

class facade : public ::testing::Test {
protected:
  static database_options quiet(database_options o = {}) {
    o.log.enabled = false;
    return o;
  }
  void SetUp() override {
    db.execute("create or replace table item (id bigint primary key, name varchar(50)) "
               "engine = InnoDB");
  }
  database db = mysql::connect(server().url(), quiet());
};

TEST_F(facade, queries_and_writes) {
  EXPECT_EQ(db.execute("insert into item values (?, ?)", 1, "one"), 1U);
  EXPECT_EQ(db.query_value<std::string>("select name from item where id = ?", 1), "one");
  EXPECT_EQ(db.query_value<std::string>("select name from item where id = ?", 2), std::nullopt);
  EXPECT_EQ(db.query_value<std::int64_t>("select count(*) from item"), 1);
  db.execute("update item set name = ? where id = ?", std::nullopt, 1);
  const auto rows = db.query<std::int64_t, std::optional<std::string>>("select * from item");
  EXPECT_EQ(rows.at(0), (std::tuple<std::int64_t, std::optional<std::string>>{1, std::nullopt}));
}

TEST_F(facade, mariadb_is_the_same_engine) {
  auto url = server().url();
  url.replace(0, url.find(':'), "mariadb");
  auto again = mysql::connect(url, quiet());
  EXPECT_EQ(again.query_value<int>("select 1"), 1);
}

TEST_F(facade, enters_by_its_socket) {
  auto path = server().socket().string();
  for (auto at = path.find('/'); at != std::string::npos; at = path.find('/', at + 3))
    path.replace(at, 1, "%2F");
  auto local = mysql::connect("mysql://app@" + path + "/app", quiet());
  EXPECT_EQ(local.query_value<int>("select 1"), 1);
}

TEST_F(facade, inserts_many_with_quoted_names) {
  std::vector<std::tuple<int, std::string>> rows;
  for (int i = 0; i < 2345; ++i) rows.emplace_back(i, "n" + std::to_string(i));
  EXPECT_EQ(db.insert_many("app.item", {"id", "name"}, rows), 2345U);
  EXPECT_EQ(db.query_value<std::int64_t>("select count(distinct name) from item"), 2345);
}

TEST_F(facade, streams_more_than_a_batch) {
  std::int64_t sum = 0;
  for (auto& n : db.stream<std::int64_t>("select seq from seq_1_to_10000")) sum += n;
  EXPECT_EQ(sum, 10'000 * 10'001 / 2);
  EXPECT_EQ(db.query_value<int>("select 1"), 1);
}

TEST_F(facade, an_unsigned_beyond_the_signed_comes_back_as_it_went) {
  const auto most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(db.query_value<std::uint64_t>("select cast(? as unsigned)", most), most);
  EXPECT_EQ(db.query_value<std::uint64_t>("select 7"), 7U);
}

TEST_F(facade, a_transaction_comes_and_goes_as_a_whole) {
  db.transaction([](transaction& tx) {
    tx.execute("insert into item values (1, 'a')");
    tx.savepoint([](transaction& inner) { inner.execute("insert into item values (2, 'b')"); });
  });
  EXPECT_THROW(db.transaction([](transaction& tx) {
    tx.execute("insert into item values (3, 'c')");
    throw std::runtime_error{"no"};
  }),
               std::runtime_error);
  EXPECT_EQ(db.query_value<std::int64_t>("select count(*) from item"), 2);
}

// A lock that is not had in time undoes its statement alone; with a key that is a block of ours.
TEST_F(facade, a_lock_wait_is_tried_again_with_a_key_as_without) {
  db.execute("insert into item values (1, 'one')");
  database_options o = quiet();
  o.after_connect = "set innodb_lock_wait_timeout = 1";
  auto impatient = mysql::connect(server().url(), o);
  for (const char* key : {"", "lock"}) {
    std::atomic<bool> held = false;
    std::jthread holder{[&] {
      db.transaction([&](transaction& tx) {
        tx.execute("update item set name = 'held' where id = 1");
        held = true;
        std::this_thread::sleep_for(1500ms);
      });
    }};
    while (!held) std::this_thread::sleep_for(1ms);
    const auto done = impatient.with({.operation_key = key})
                          .try_execute("update item set name = ? where id = 1", key);
    EXPECT_TRUE(done) << to_string(done.error());
  }
}

TEST_F(facade, a_block_that_made_a_table_says_that_it_is_in_force) {
  try {
    db.transaction([](transaction& tx) {
      tx.execute("insert into item values (1, 'one')");
      tx.execute("create or replace table other (id bigint primary key)");
    });
    FAIL();
  } catch (const database_error& e) {
    EXPECT_EQ(e.code(), errc::implicit_commit);
    EXPECT_EQ(e.effect(), side_effect::unknown);
  }
  EXPECT_EQ(db.query_value<long>("select count(*) from item"), 1);
}

TEST_F(facade, an_operation_key_makes_a_write_happen_once) {
  auto keyed = mysql::connect(server().url(), quiet({.operation_keys = {.enabled = true}}));
  const auto insert = [&](int id) {
    return keyed.transaction({.operation_key = "booking-1"}, [&](transaction& tx) {
      tx.execute("insert into item values (?, 'x')", id);
      return tx.query_value<std::int64_t>("select count(*) from item").value();
    });
  };
  EXPECT_EQ(insert(1), 1);
  EXPECT_EQ(insert(1), 1); // the stored result
  EXPECT_EQ(db.query_value<std::int64_t>("select count(*) from item"), 1);
  EXPECT_EQ(keyed.outcome_of("booking-1"), outcome::committed);
  EXPECT_EQ(keyed.outcome_of("Booking-1"), outcome::not_committed); // another key
}

} // namespace
} // namespace holdfast::test
