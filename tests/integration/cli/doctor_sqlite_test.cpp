// holdfast doctor on files: what it finds, and that it leaves no trace.
#include "integration/cli/diagnosis.hpp"

#include <holdfast/sqlite.hpp>

#include <algorithm>
#include <chrono>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::vector<std::string> files_of(const folder& f) {
  std::vector<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator{f.path()})
    names.push_back(each.path().filename().string());
  std::ranges::sort(names);
  return names;
}

TEST(doctor_sqlite, finds_nothing_wrong_with_a_file_that_is_well_and_leaves_it_alone) {
  const folder f;
  const std::string url = "sqlite://" + f / "app.db";
  sqlite::connect(url, quiet()).script("create table seat(id integer primary key)");
  const std::string before = text_of(f / "app.db");
  const diagnosis d{url};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_EQ(d.checks_that_are("warning"), std::vector<std::string>{});
  EXPECT_EQ(d.checks_that_are("not_tried"), std::vector<std::string>{});
  EXPECT_EQ(d["journal_mode"].found, "wal");
  EXPECT_EQ(d["login"].verdict, "missing");
  EXPECT_EQ(text_of(f / "app.db"), before);
  EXPECT_EQ(files_of(f), std::vector<std::string>{"app.db"});
}

TEST(doctor_sqlite, a_missing_file_is_not_made) {
  const folder f;
  const diagnosis d{"sqlite://" + f / "app.db"};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_EQ(d["file"].verdict, "warning");
  EXPECT_EQ(diagnosis{"'sqlite://" + f / "app.db" + "?sqlite.create=false'"}.code(), 1);
  EXPECT_EQ(diagnosis{"sqlite://" + f / "none" + "/app.db"}.code(), 1);
  EXPECT_EQ(files_of(f), std::vector<std::string>{});
}

TEST(doctor_sqlite, the_log_of_somebody_at_work_stays_as_it_is) {
  const folder f;
  const std::string url = "sqlite://" + f / "app.db";
  database db = sqlite::connect(url, quiet());
  db.script("create table seat(id integer primary key); insert into seat values (1)");
  const std::string before = text_of(f / "app.db-wal");
  EXPECT_GT(before.size(), 0U);
  const diagnosis d{url};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_EQ(d.checks_that_are("not_tried"), std::vector<std::string>{});
  EXPECT_EQ(text_of(f / "app.db-wal"), before);
  EXPECT_EQ(files_of(f), (std::vector<std::string>{"app.db", "app.db-shm", "app.db-wal"}));
}

TEST(doctor_sqlite, another_journal_mode_is_told_and_kept) {
  const folder f;
  const std::string url = "sqlite://" + f / "app.db";
  sqlite::connect(url + "?sqlite.journal_mode=delete", quiet()).script("create table seat(id)");
  const std::string before = text_of(f / "app.db");
  const diagnosis d{url};
  EXPECT_EQ(d["journal_mode"].verdict, "warning");
  EXPECT_THAT(d["journal_mode"].found, HasSubstr("delete; our next open makes it wal"));
  EXPECT_EQ(text_of(f / "app.db"), before);
}

TEST(doctor_sqlite, what_is_no_database_or_a_broken_one_is_an_error) {
  const folder f;
  std::ofstream{f / "note.txt"} << std::string(4096, 'x');
  const diagnosis note{"sqlite://" + f / "note.txt"};
  EXPECT_EQ(note.code(), 1);
  EXPECT_THAT(note["open"].found, HasSubstr("not_a_database"));
  EXPECT_EQ(note["integrity"].found, "not tried: it does not open");

  {
    database db = sqlite::connect("sqlite://" + f / "app.db", quiet());
    db.script("create table seat(id integer primary key, who text); create index who on seat(who)");
    db.execute("with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) "
               "insert into seat(who) select 'guest' || i from n");
  }
  std::fstream file{f / "app.db", std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(5 * 4096);
  file << std::string(8192, '\xff');
  file.close();
  const diagnosis broken{"sqlite://" + f / "app.db"};
  EXPECT_EQ(broken.code(), 1) << broken.err();
  EXPECT_EQ(broken["integrity"].verdict, "error");
}

TEST(doctor_sqlite, a_row_that_refers_to_none_is_told) {
  const folder f;
  const std::string url = "sqlite://" + f / "app.db";
  sqlite::connect(url + "?sqlite.foreign_keys=false", quiet())
      .script("create table seat(id integer primary key); "
              "create table visit(seat references seat(id)); insert into visit values (7)");
  const diagnosis d{url};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_EQ(d["foreign_keys"].verdict, "warning");
  EXPECT_THAT(d["foreign_keys"].found, HasSubstr("visit"));
}

TEST(doctor_sqlite, a_long_check_is_broken_off_in_time) {
  const folder f;
  const std::string url = "sqlite://" + f / "app.db";
  sqlite::connect(url, quiet())
      .script("create table seat(id integer primary key, who text); create index who on seat(who); "
              "with recursive n(i) as (select 1 union all select i + 1 from n where i < 600000) "
              "insert into seat(who) select 'guest' || i from n");
  const auto began = std::chrono::steady_clock::now();
  const diagnosis d{"--timeout 100ms " + url};
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
  EXPECT_EQ(d["integrity"].verdict, "not_tried");
  EXPECT_THAT(d["integrity"].found, HasSubstr("broken off"));
  EXPECT_EQ(d.code(), 0);
}

TEST(doctor_sqlite, in_memory_there_is_a_version_and_nothing_else) {
  const diagnosis d{"sqlite::memory:"};
  EXPECT_EQ(d.code(), 0);
  EXPECT_EQ(d.all().at("rows").as_array().size(), 1U);
}

} // namespace
} // namespace holdfast::test
