// The journal on a real file, against a real server that is killed, in a program that is killed.
#include "integration/database/engines.hpp"

#include <holdfast/journal.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <numeric>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr std::string_view insert = "insert into entry(n) values ($1)";

std::string key_of(long n) { return "entry-" + std::to_string(n); }

database connect_to(const std::string& url) {
  database_options o = test::quiet();
  o.start = start_mode::lazy; // the server may be down
  o.pool.min_size = 1;
  o.pool.max_size = 4;
  return postgres::connect(url, o);
}

struct journal_file : ::testing::Test {
  void SetUp() override {
    std::string made = (std::filesystem::temp_directory_path() / "holdfast-XXXXXX").string();
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    folder = made;
    own.start();
    own.wait_ready();
    db.emplace(connect_to(own.url()));
    // `seq` is the order in which the server took them.
    db->script("create table entry(seq bigserial primary key, n bigint unique check (n <> 13))");
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] journal_options at() const {
    journal_options o;
    o.file = folder / "journal.db";
    return o;
  }
  [[nodiscard]] std::vector<long> entries() {
    return db->query<long>("select n from entry order by seq");
  }

  std::filesystem::path folder;
  testing::postgres_server own;
  std::optional<database> db;
};

std::vector<long> numbers(long from, long count) {
  std::vector<long> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), from);
  return all;
}

TEST_F(journal_file, an_outage_is_written_through_and_drained_in_order) {
  journal writes{*db, at()};
  EXPECT_EQ(writes.execute(key_of(0), insert, 0L), journaled::done);
  own.kill_hard();
  for (long n = 1; n < 20; ++n) EXPECT_EQ(writes.execute(key_of(n), insert, n), journaled::queued);
  const auto s = db->status();
  ASSERT_EQ(s.journals.size(), 1U);
  EXPECT_EQ(s.journals[0].queued, 19U);
  EXPECT_GT(s.journals[0].oldest, 0s);
  EXPECT_FALSE(writes.drain(100ms));
  own.start();
  own.wait_ready();
  const auto began = steady::now();
  EXPECT_TRUE(writes.drain(20s));
  EXPECT_LT(steady::now() - began, 10s);
  // 13 is refused by a constraint: it is put aside, and those behind it went on.
  auto expected = numbers(0, 20);
  std::erase(expected, 13);
  EXPECT_EQ(entries(), expected);
  const auto refused = writes.refused();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].operation_key, key_of(13));
  EXPECT_EQ(refused[0].sql, insert);
  EXPECT_EQ(refused[0].parameters, std::vector<value>{value{std::int64_t{13}}});
  EXPECT_NE(refused[0].why.find("check_violation"), std::string::npos) << refused[0].why;
  EXPECT_EQ(db->status().journals[0].refused, 1U);
  EXPECT_FALSE(writes.forget_refused("another"));
  EXPECT_TRUE(writes.forget_refused(key_of(13)));
  EXPECT_TRUE(writes.refused().empty());
  EXPECT_EQ(writes.status().refused, 0U);
  EXPECT_EQ(writes.execute(key_of(20), insert, 20L), journaled::done);
}

TEST_F(journal_file, a_healthy_server_tells_its_refusal_to_the_caller) {
  journal writes{*db, at()};
  EXPECT_EQ(writes.try_execute(key_of(13), insert, 13L).error().code, errc::check_violation);
  EXPECT_EQ(writes.status().queued, 0U);
}

TEST_F(journal_file, what_is_queued_survives_the_handle_and_the_types_of_its_values) {
  db->script("create table mixed(i bigint, d double precision, t text, b bytea, ok boolean, "
             "u timestamptz, n numeric, a bigint[])");
  const timestamp when{1234567890123456us};
  const std::vector<long> list{1, 2, 3};
  const bytes raw{std::byte{0}, std::byte{255}};
  own.kill_hard();
  {
    journal writes{*db, at()};
    EXPECT_EQ(writes.execute("mixed", "insert into mixed values ($1, $2, $3, $4, $5, $6, $7, $8)",
                             -7L, 0.1, "zwölf", raw, true, when, numeric{"12.50"}, list),
              journaled::queued);
  }
  EXPECT_TRUE(db->status().journals.empty());
  own.start();
  own.wait_ready();
  journal writes{*db, at()};
  EXPECT_TRUE(writes.drain(20s)) << writes.status().last_error;
  const auto rows = db->query<long, double, std::string, bytes, bool, timestamp, numeric>(
      "select i, d, t, b, ok, u, n from mixed where a = array[1, 2, 3]::bigint[]");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0],
            (std::tuple{-7L, 0.1, std::string{"zwölf"}, raw, true, when, numeric{"12.50"}}));
}

TEST_F(journal_file, a_file_has_one_program) {
  journal writes{*db, at()};
  const auto began = steady::now();
  EXPECT_THROW((journal{*db, at()}), database_error);
  EXPECT_LT(steady::now() - began, 10s);
  EXPECT_EQ(writes.execute(key_of(1), insert, 1L), journaled::done);
}

TEST_F(journal_file, impossible_options_are_refused) {
  auto o = at();
  o.max_age = 24h * 7;
  EXPECT_THROW((journal{*db, o}), configuration_error) << "a key would be forgotten before";
  EXPECT_THROW((journal{*db, {}}), configuration_error);
}

/// A program of its own: this one again, as `journal_child` below.
pid_t start_child(const std::string& url, const std::string& file, const std::string& what) {
  ::setenv("JOURNAL_CHILD_URL", url.c_str(), 1);
  ::setenv("JOURNAL_CHILD_FILE", file.c_str(), 1);
  ::setenv("JOURNAL_CHILD_DOES", what.c_str(), 1);
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=journal_child.*";
  std::string also = "--gtest_also_run_disabled_tests";
  const std::array<char*, 4> argv{program.data(), filter.data(), also.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(::posix_spawn(&child, program.c_str(), nullptr, nullptr, argv.data(), environ), 0);
  return child;
}

void kill_child(pid_t child) {
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
}

TEST(journal_child, DISABLED_writes_or_drains_until_it_is_killed) {
  const char* url = std::getenv("JOURNAL_CHILD_URL");
  if (!url) GTEST_SKIP() << "only for the tests below";
  const std::string file = std::getenv("JOURNAL_CHILD_FILE");
  database db = connect_to(url);
  journal_options o;
  o.file = file;
  journal writes{db, o};
  if (std::getenv("JOURNAL_CHILD_DOES") == std::string{"write"}) {
    for (long n = 100; n < 400; ++n)
      EXPECT_EQ(writes.execute(key_of(n), insert, n), journaled::queued);
    std::ofstream{file + ".told"} << "all";
  }
  std::this_thread::sleep_for(60s);
}

bool soon(const std::function<bool()>& holds) {
  for (const auto until = steady::now() + 30s; steady::now() < until;) {
    if (holds()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

TEST_F(journal_file, each_write_takes_effect_once_though_the_program_is_killed_again_and_again) {
  own.kill_hard();
  pid_t child = start_child(own.url(), at().file, "write");
  EXPECT_TRUE(soon([&] { return std::filesystem::exists(at().file + ".told"); }));
  kill_child(child); // with a journal that is not empty
  own.start();
  own.wait_ready();
  EXPECT_TRUE(entries().empty());
  std::size_t seen = 0;
  for (int kill = 0; kill < 5; ++kill) {
    child = start_child(own.url(), at().file, "drain");
    EXPECT_TRUE(soon([&] { return entries().size() >= seen + 20; }));
    kill_child(child); // somewhere between a commit there and a delete here
    seen = entries().size();
  }
  EXPECT_LT(seen, 300U) << "it was too quick to be killed: the test shows nothing";
  journal writes{*db, at()};
  EXPECT_TRUE(writes.drain(30s)) << writes.status().last_error;
  EXPECT_EQ(entries(), numbers(100, 300)) << "each once, in order";
  RecordProperty("drained_by_the_killed", static_cast<int>(seen));
}

} // namespace
} // namespace holdfast
