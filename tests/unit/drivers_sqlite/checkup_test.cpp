// Facts of an SQLite file against our options: each row once well and once not.
#include "drivers/sqlite/checkup.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <ostream>

namespace holdfast::drivers::sqlite {
namespace {

using namespace std::chrono_literals;

struct scene {
  database_options options{};
  file_facts facts{};
};

scene healthy() {
  scene s;
  s.facts = {.path = "/data/app.db", .library = "3.40.1", .journal_mode = "wal"};
  s.facts.place = {.exists = true,
                   .is_directory = false,
                   .readable = true,
                   .writable = true,
                   .parent_exists = true,
                   .parent_writable = true};
  s.facts.integrity = {.found = {"ok"}, .took = 3ms};
  return s;
}

finding row(const scene& s, std::string_view check) {
  const findings all = judge(s.facts, {.options = s.options});
  const auto found = std::ranges::find(all, check, &finding::check);
  return found == all.end() ? finding{"missing", verdict::error} : *found;
}

struct judgement {
  const char* name;
  void (*change)(scene& s);
  const char* check;
  verdict is;
  const char* found;
};
void PrintTo(const judgement& j, std::ostream* out) { *out << j.name; }

class sqlite_checkup : public ::testing::TestWithParam<judgement> {};

TEST_P(sqlite_checkup, judges) {
  const judgement& j = GetParam();
  scene s = healthy();
  j.change(s);
  const finding f = row(s, j.check);
  EXPECT_EQ(f.is, j.is) << f.found;
  EXPECT_NE(f.found.find(j.found), std::string::npos) << f.found;
  const bool nothing_to_mend = j.is == verdict::ok || j.is == verdict::not_tried;
  EXPECT_TRUE(f.is == verdict::not_tried || f.fix.empty() == nothing_to_mend) << f.fix;
}

constexpr auto ok = verdict::ok;
constexpr auto warning = verdict::warning;
constexpr auto bad = verdict::error;

const judgement table[] = {
    {"there", [](scene&) {}, "file", ok, "/data/app.db is there"},
    {"to_be_made", [](scene& s) { s.facts.place.exists = false; }, "file", warning, "is not there"},
    {"not_to_be_made",
     [](scene& s) {
       s.facts.place.exists = false;
       s.options.sqlite.create = false;
     },
     "file", bad, "is not there"},
    {"cannot_be_made",
     [](scene& s) { s.facts.place.exists = s.facts.place.parent_writable = false; }, "file", bad,
     "may not be written"},
    {"no_directory", [](scene& s) { s.facts.place.exists = s.facts.place.parent_exists = false; },
     "file", bad, "directory of"},
    {"a_directory", [](scene& s) { s.facts.place.is_directory = true; }, "file", bad,
     "is a directory"},
    {"writable", [](scene&) {}, "writable", ok, "the file and its directory"},
    {"not_writable", [](scene& s) { s.facts.place.writable = false; }, "writable", bad, "the file"},
    {"directory_not_writable", [](scene& s) { s.facts.place.parent_writable = false; }, "writable",
     bad, "directory"},
    {"not_to_be_written",
     [](scene& s) {
       s.facts.place.writable = false;
       s.options.sqlite.read_only = true;
     },
     "writable", ok, "not needed"},
    {"version", [](scene&) {}, "version", ok, "SQLite 3.40.1"},
    {"opens", [](scene&) {}, "open", ok, "can be read"},
    {"no_database",
     [](scene& s) { s.facts.failure = make_error(errc::not_a_database, "is no database"); }, "open",
     bad, "is no database"},
    {"not_looked_into",
     [](scene& s) { s.facts.failure = make_error(errc::not_a_database, "is no database"); },
     "integrity", verdict::not_tried, "not tried: it does not open"},
    {"wal", [](scene&) {}, "journal_mode", ok, "wal"},
    {"another_journal", [](scene& s) { s.facts.journal_mode = "delete"; }, "journal_mode", warning,
     "delete; our next open makes it wal"},
    {"journal_in_memory",
     [](scene& s) { s.options.sqlite.journal_mode = sqlite_journal_mode::memory; }, "journal_mode",
     warning, "memory"},
    {"synchronous", [](scene&) {}, "synchronous", ok, "survives"},
    {"synchronous_normal",
     [](scene& s) { s.options.sqlite.synchronous = sqlite_synchronous::normal; }, "synchronous",
     warning, "may lose"},
    {"synchronous_off", [](scene& s) { s.options.sqlite.synchronous = sqlite_synchronous::off; },
     "synchronous", warning, "can destroy"},
    {"whole", [](scene&) {}, "integrity", ok, "finds nothing, in 3.0 ms"},
    {"broken",
     [](scene& s) {
       s.facts.integrity.found = {"row 1 missing", "row 2 missing"};
     },
     "integrity", bad, "row 1 missing; row 2 missing"},
    {"broken_off",
     [](scene& s) {
       s.facts.integrity = {.failure = make_error(errc::deadline_exceeded, "time"), .took = 2s};
     },
     "integrity", verdict::not_tried, "broken off after 2 s"},
    {"unreadable",
     [](scene& s) { s.facts.integrity.failure = make_error(errc::io_failure, "disk"); },
     "integrity", bad, "io_failure"},
    {"references", [](scene&) {}, "foreign_keys", ok, "enforced"},
    {"dangling",
     [](scene& s) {
       s.facts.references.found = {"seat", "visit"};
     },
     "foreign_keys", warning, "rows of seat, visit"},
    {"not_enforced", [](scene& s) { s.options.sqlite.foreign_keys = false; }, "foreign_keys",
     warning, "not enforced"},
    {"no_keys", [](scene&) {}, "operation_table", ok, "not there"},
    {"keys_to_be_made", [](scene& s) { s.options.operation_keys.enabled = true; },
     "operation_table", ok, "not there"},
    {"keys_not_to_be_made",
     [](scene& s) { s.options.operation_keys = {.enabled = true, .create_table = false}; },
     "operation_table", bad, "not there"},
};
INSTANTIATE_TEST_SUITE_P(table, sqlite_checkup, ::testing::ValuesIn(table),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST(sqlite_checkup_rows, the_database_in_memory_has_a_version_and_nothing_else) {
  scene s;
  s.facts = {.path = ":memory:", .library = "3.40.1"};
  const findings all = judge(s.facts, {.options = s.options});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].check, "version");
}

} // namespace
} // namespace holdfast::drivers::sqlite
