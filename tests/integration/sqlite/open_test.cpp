#include "sqlite_fixture.hpp"

#include <fstream>
#include <functional>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace holdfast::drivers::sqlite::testing {
namespace {

class sqlite_open : public sqlite_test {
protected:
  error refused(const std::string& file, sqlite_options options = {}) {
    const auto start = std::chrono::steady_clock::now();
    const auto driver = make_driver({file, options});
    auto r = try_open(*driver);
    EXPECT_FALSE(r) << file;
    EXPECT_LT(since(start), 200ms) << "at once";
    if (r) return error{};
    EXPECT_FALSE(r.error().connection_usable);
    return r.error();
  }

  void write(const std::string& file, std::string_view text) {
    std::ofstream{file, std::ios::binary} << text;
  }
};

/// Runs `check` as a user whom permissions bind, also when the tests run as root.
bool as_nobody(const std::function<bool()>& check) {
  const auto child = ::fork();
  if (child == 0) {
    const bool dropped = ::geteuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0);
    ::_exit(dropped && check() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool says(const result<connection_ptr>& r, errc code, std::string_view part) {
  if (!r && r.error().code == code && r.error().message.find(part) != std::string::npos)
    return true;
  if (!r) std::fprintf(stderr, "said: %s\n", to_string(r.error()).c_str());
  return false;
}

TEST_F(sqlite_open, session_is_as_configured) {
  auto db = open();
  const auto text = [&](std::string_view sql) {
    return std::get<std::string>(db.query(sql).rows.at(0).at(0));
  };
  EXPECT_EQ(text("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(db.number("PRAGMA synchronous"), 2);
  EXPECT_EQ(db.number("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(db.number("PRAGMA busy_timeout"), 0);
  EXPECT_EQ(db.number("PRAGMA trusted_schema"), 0);
  EXPECT_EQ(db.number("PRAGMA cache_size"), -2048);
  EXPECT_EQ(db.it->peer(), path());
  use({.journal_mode = sqlite_journal_mode::truncate,
       .synchronous = sqlite_synchronous::normal,
       .foreign_keys = false});
  db.it->close();
  auto other = open();
  EXPECT_EQ(std::get<std::string>(other.query("PRAGMA journal_mode").rows.at(0).at(0)), "truncate");
  EXPECT_EQ(other.number("PRAGMA synchronous"), 1);
  EXPECT_EQ(other.number("PRAGMA foreign_keys"), 0);
}

TEST_F(sqlite_open, each_bad_file_is_refused_at_once_in_its_own_words) {
  const auto no_folder = refused(path("nowhere/app.db"));
  EXPECT_EQ(no_folder.code, errc::unknown_database);
  EXPECT_NE(no_folder.message.find("the directory of"), std::string::npos) << no_folder.message;

  const auto folder = refused(folder_.string());
  EXPECT_NE(folder.message.find("is a directory"), std::string::npos) << folder.message;

  const auto missing = refused(path("absent.db"), {.create = false});
  EXPECT_NE(missing.message.find("does not exist"), std::string::npos) << missing.message;
  EXPECT_FALSE(std::filesystem::exists(path("absent.db")));
  EXPECT_EQ(refused(path("absent.db"), {.read_only = true}).message, missing.message);

  write(path("letter.txt"), std::string(5000, 'x'));
  const auto letter = refused(path("letter.txt"));
  EXPECT_EQ(letter.code, errc::not_a_database) << letter.message;
  EXPECT_EQ(refused(path("letter.txt"), {.read_only = true}).code, errc::not_a_database);

  EXPECT_EQ(refused("").code, errc::invalid_configuration);
}

TEST_F(sqlite_open, permissions_are_named) {
  open().it->close();
  const auto mode = [&](const std::string& what, mode_t m) { ::chmod(what.c_str(), m); };
  mode(path(), 0444);
  EXPECT_TRUE(
      as_nobody([&] { return says(try_open(*driver_), errc::permission_denied, "is read-only"); }));
  mode(path(), 0000);
  EXPECT_TRUE(as_nobody(
      [&] { return says(try_open(*driver_), errc::permission_denied, "no permission to read"); }));
  mode(path(), 0644);
  mode(folder_, 0555);
  const auto fresh = make_driver({path("new.db"), {}});
  EXPECT_TRUE(as_nobody(
      [&] { return says(try_open(*fresh), errc::permission_denied, "cannot be created"); }));
  mode(folder_, 0777);
}

TEST_F(sqlite_open, read_only_reads_and_refuses_to_write) {
  ASSERT_TRUE(open().script("CREATE TABLE t(a); INSERT INTO t VALUES (1)"));
  use({.read_only = true});
  auto db = open();
  ASSERT_TRUE(db.begin()) << "an immediate BEGIN would be refused";
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 1);
  ASSERT_TRUE(db.commit());
  const auto r = db.execute("DELETE FROM t");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::permission_denied);
  EXPECT_TRUE(r.error().connection_usable);
}

TEST_F(sqlite_open, path_is_never_a_uri) {
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  for (const std::string name : {"file:x?mode=memory", ":odd:", "file:y"}) {
    const auto driver = make_driver({name, {}});
    auto db = open(*driver);
    EXPECT_TRUE(db.script("CREATE TABLE t(a)"));
    EXPECT_TRUE(std::filesystem::exists(folder_ / name)) << name;
  }
  std::filesystem::current_path(here);
}

TEST_F(sqlite_open, many_may_open_a_new_file_at_once) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      auto c = try_open(*driver_);
      EXPECT_TRUE(c) << to_string(c.error());
    });
}

TEST_F(sqlite_open, locked_file_is_waited_for_until_the_deadline) {
  use({.journal_mode = sqlite_journal_mode::remove});
  auto holder = open();
  ASSERT_TRUE(holder.script("CREATE TABLE t(a); BEGIN EXCLUSIVE"));
  const auto start = std::chrono::steady_clock::now();
  auto r = try_open(*driver_, 120ms);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::database_busy);
  EXPECT_GE(since(start), 115ms);
  EXPECT_LT(since(start), 170ms);
  ASSERT_TRUE(holder.rollback());
  EXPECT_TRUE(try_open(*driver_));
}

TEST_F(sqlite_open, memory_is_one_database_that_outlives_a_broken_connection) {
  const auto driver = make_driver({":memory:", {}});
  auto db = open(*driver);
  ASSERT_TRUE(db.script("CREATE TABLE t(a); INSERT INTO t VALUES (1)"));
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("DELETE FROM t"));
  EXPECT_FALSE(db.execute(runaway, {}, nullptr, 30ms));
  db.it->close();
  auto again = open(*driver);
  EXPECT_EQ(again.number("SELECT count(*) FROM t"), 1);
  EXPECT_TRUE(again.ping());
  const auto other_driver = make_driver({":memory:", {}});
  auto other = open(*other_driver);
  EXPECT_FALSE(other.execute("SELECT * FROM t")) << "another driver, another database";
  EXPECT_FALSE(std::filesystem::exists("holdfast-"));
}

class sqlite_session : public sqlite_test {};

TEST_F(sqlite_session, reset_makes_it_as_good_as_new) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE t(a)"));
  EXPECT_FALSE(db.it->dirty()) << "the schema is not the session";
  const std::string attach = "ATTACH '" + path("other.db") + "' AS other";
  for (const std::string_view sql :
       {std::string_view{"PRAGMA foreign_keys = off"}, std::string_view{"PRAGMA query_only = on"},
        std::string_view{"CREATE TEMP TABLE t(shadow)"}, std::string_view{attach},
        std::string_view{"BEGIN"}}) {
    ASSERT_TRUE(db.execute(sql)) << sql;
    EXPECT_TRUE(db.it->dirty()) << sql;
    ASSERT_TRUE(db.reset()) << sql;
    EXPECT_FALSE(db.it->dirty()) << sql;
    EXPECT_EQ(db.it->in_transaction(), transaction_status::none);
    EXPECT_EQ(db.number("PRAGMA foreign_keys"), 1);
    EXPECT_EQ(db.number("PRAGMA query_only"), 0);
    EXPECT_TRUE(db.query("SELECT a FROM t").rows.empty());
    EXPECT_EQ(db.query("PRAGMA database_list").rows.size(), 1U);
    ASSERT_TRUE(db.reset());
  }
}

TEST_F(sqlite_session, sqlite_never_sleeps_whatever_a_pragma_asks) {
  auto holder = open();
  ASSERT_TRUE(holder.script("CREATE TABLE t(a)"));
  ASSERT_TRUE(holder.begin());
  for (const bool by_script : {false, true}) {
    auto db = open();
    const std::string_view pragma = "PRAGMA busy_timeout = 2000";
    ASSERT_TRUE(by_script ? db.script(pragma).has_value() : db.execute(pragma).has_value());
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(db.execute("DELETE FROM t", {}, nullptr, 100ms));
    EXPECT_LT(since(start), 150ms);
  }
}

TEST_F(sqlite_session, ping_sees_that_the_file_is_gone) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE t(a)"));
  EXPECT_TRUE(db.ping());
  std::filesystem::remove(path());
  const auto r = db.ping();
  ASSERT_FALSE(r) << "what it writes now would be lost";
  EXPECT_FALSE(r.error().connection_usable);
}

} // namespace
} // namespace holdfast::drivers::sqlite::testing
