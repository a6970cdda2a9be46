// Locks held by others: other connections, other processes, processes that are killed.
#include "sqlite_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stop_token>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace holdfast::drivers::sqlite::testing {
namespace {

/// Each look at its clock takes a millisecond; sleeping takes no time at all.
class ticking_runtime final : public runtime {
public:
  time_point now() noexcept override { return at_ += 1ms; }
  time_point coarse_now() noexcept override { return at_; }
  duration boot_time() noexcept override { return at_.time_since_epoch(); }
  std::uint64_t random() noexcept override { return 0; }
  bool cancelled() const noexcept override { return false; }
  void spawn(task<void>) override { std::abort(); }
  task<result<std::vector<address>>> resolve(std::string, deadline) override { std::abort(); }

private:
  bool begin_sleep(suspension& s, time_point at) override {
    at_ = std::max(at_, at);
    s.status = wait_status::timed_out;
    return false;
  }
  bool begin_wait(suspension&, int, io, deadline) override { std::abort(); }
  bool begin_park(suspension&, waiter&, deadline) override { std::abort(); }
  bool begin_offload(suspension&, job work) override {
    work.run(work.context);
    return false;
  }
  void wake(waiter&) noexcept override {}

  time_point at_{1h};
};

class sqlite_lock : public sqlite_test {
protected:
  void SetUp() override {
    sqlite_test::SetUp();
    auto db = open();
    ASSERT_TRUE(db.script("CREATE TABLE t(a); INSERT INTO t VALUES (1)"));
  }
};

/// Another process that has written a row in an open transaction, and sits there.
class other_process {
public:
  explicit other_process(const std::string& path) {
    int ready[2];
    if (::pipe(ready) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) hold(path, ready[1]);
    ::close(ready[1]);
    char byte = 0;
    started_ = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
  }
  ~other_process() { kill(); }

  [[nodiscard]] bool started() const { return started_; }
  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }

private:
  [[noreturn]] static void hold(const std::string& path, int ready) {
    const auto driver = make_driver({path, {}});
    thread_runtime rt;
    auto opened = run_inline(driver->open(rt, deadline::after(rt.now(), 5s)));
    if (!opened) ::_exit(1);
    blocking db{std::move(*opened)};
    const bool holds = db.begin() && db.execute("INSERT INTO t VALUES (666)");
    if (holds && ::write(ready, "x", 1) == 1)
      for (;;) ::pause();
    ::_exit(1);
  }

  pid_t child_ = 0;
  bool started_ = false;
};

TEST_F(sqlite_lock, waits_until_the_other_connection_lets_go) {
  auto holder = open();
  auto db = open();
  ASSERT_TRUE(holder.begin());
  std::jthread release{[&] {
    std::this_thread::sleep_for(120ms);
    EXPECT_TRUE(holder.commit());
  }};
  const auto start = std::chrono::steady_clock::now();
  const auto r = db.execute("INSERT INTO t VALUES (2)");
  EXPECT_TRUE(r);
  EXPECT_GE(since(start), 100ms);
  EXPECT_LT(since(start), 600ms) << "a look at least every 25 ms";
}

TEST_F(sqlite_lock, wait_ends_at_the_deadline_and_hurts_nothing) {
  auto holder = open();
  auto db = open();
  ASSERT_TRUE(holder.begin());
  for (const bool transaction : {false, true}) {
    const auto start = std::chrono::steady_clock::now();
    error e;
    if (transaction)
      e = db.begin({}, 150ms).error();
    else
      e = db.execute("DELETE FROM t", {}, nullptr, 150ms).error();
    EXPECT_GE(since(start), 145ms);
    EXPECT_LT(since(start), 200ms);
    EXPECT_EQ(e.code, errc::database_busy);
    EXPECT_EQ(e.effect, side_effect::none);
    EXPECT_EQ(e.next, advice::retry_statement);
    EXPECT_TRUE(e.connection_usable);
    EXPECT_EQ(e.native_code, "5");
    EXPECT_EQ(e.where.host, path());
    EXPECT_EQ(db.it->in_transaction(), transaction_status::none);
  }
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 1) << "readers are not held up";
  ASSERT_TRUE(holder.rollback());
  EXPECT_TRUE(db.execute("DELETE FROM t"));
}

// Whether the deadline passes in the nap or just after it: the lock is what stood in the way.
TEST_F(sqlite_lock, deadline_at_any_moment_of_the_wait_names_the_lock) {
  auto holder = open();
  auto db = open();
  ASSERT_TRUE(holder.begin());
  for (int ticks = 3; ticks <= 60; ++ticks) {
    ticking_runtime rt;
    const auto until = deadline::after(rt.now(), ticks * 1ms);
    const auto r = run_inline(db.it->begin(rt, {}, until));
    ASSERT_FALSE(r) << ticks;
    EXPECT_EQ(r.error().code, errc::database_busy) << ticks << ": " << to_string(r.error());
    EXPECT_EQ(r.error().next, advice::retry_statement) << ticks;
    EXPECT_TRUE(r.error().connection_usable) << ticks;
  }
}

TEST_F(sqlite_lock, wait_ends_when_cancelled) {
  auto holder = open();
  auto db = open();
  ASSERT_TRUE(holder.begin());
  std::stop_source stop;
  thread_runtime rt{nullptr, stop.get_token()};
  std::jthread canceller{[&] {
    std::this_thread::sleep_for(60ms);
    stop.request_stop();
  }};
  const auto start = std::chrono::steady_clock::now();
  const auto r = run_inline(db.it->begin(rt, {}, deadline::after(rt.now(), 10s)));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::cancelled);
  EXPECT_TRUE(r.error().connection_usable) << "nothing was running";
  EXPECT_LT(since(start), 500ms);
}

TEST_F(sqlite_lock, busy_commit_is_committed_when_the_reader_ends) {
  use({.journal_mode = sqlite_journal_mode::remove});
  auto reader = open();
  auto db = open();
  ASSERT_TRUE(reader.begin({.read_only = true}));
  EXPECT_EQ(reader.number("SELECT count(*) FROM t"), 1);
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("INSERT INTO t VALUES (2)"));
  std::jthread release{[&] {
    std::this_thread::sleep_for(80ms);
    EXPECT_TRUE(reader.commit());
  }};
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(db.commit());
  EXPECT_GE(since(start), 60ms);
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 2);
}

TEST_F(sqlite_lock, busy_commit_at_its_deadline_is_known_not_committed) {
  use({.journal_mode = sqlite_journal_mode::remove});
  auto reader = open();
  auto db = open();
  ASSERT_TRUE(reader.begin({.read_only = true}));
  EXPECT_EQ(reader.number("SELECT count(*) FROM t"), 1);
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("INSERT INTO t VALUES (2)"));
  const auto start = std::chrono::steady_clock::now();
  const auto r = db.commit(100ms);
  ASSERT_FALSE(r);
  EXPECT_LT(since(start), 150ms);
  EXPECT_EQ(r.error().code, errc::database_busy);
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_EQ(r.error().next, advice::retry_transaction);
  EXPECT_FALSE(r.error().transaction_usable);
  EXPECT_TRUE(r.error().connection_usable);
  EXPECT_EQ(db.it->in_transaction(), transaction_status::none);
  ASSERT_TRUE(reader.commit());
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 1);
}

TEST_F(sqlite_lock, many_writers_lose_nothing) {
  constexpr int writers = 4;
  constexpr int each = 25;
  std::vector<std::jthread> threads;
  for (int w = 0; w < writers; ++w)
    threads.emplace_back([&] {
      auto db = open();
      for (int i = 0; i < each; ++i) {
        ASSERT_TRUE(db.begin());
        ASSERT_TRUE(db.execute("UPDATE t SET a = a + 1"));
        ASSERT_TRUE(db.commit());
        ASSERT_TRUE(db.execute("UPDATE t SET a = a + 1"))
            << "517 outside a transaction is waited out";
      }
    });
  threads.clear();
  EXPECT_EQ(open().number("SELECT a FROM t"), 1 + 2 * writers * each);
}

TEST_F(sqlite_lock, lock_of_a_second_process_is_waited_for) {
  other_process other{path()};
  ASSERT_TRUE(other.started());
  auto db = open();
  const auto held = db.execute("DELETE FROM t", {}, nullptr, 100ms);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, errc::database_busy);
  std::jthread killer{[&] {
    std::this_thread::sleep_for(100ms);
    other.kill();
  }};
  EXPECT_TRUE(db.begin());
  EXPECT_TRUE(db.commit());
}

TEST_F(sqlite_lock, process_killed_in_its_transaction_leaves_nothing_and_blocks_nobody) {
  for (const auto mode : {sqlite_journal_mode::wal, sqlite_journal_mode::remove}) {
    use({.journal_mode = mode});
    other_process other{path()};
    ASSERT_TRUE(other.started());
    other.kill();
    const auto start = std::chrono::steady_clock::now();
    auto db = open();
    EXPECT_EQ(db.number("SELECT count(*) FROM t WHERE a = 666"), 0);
    EXPECT_TRUE(db.execute("INSERT INTO t VALUES (2)"));
    EXPECT_LT(since(start), 2s);
  }
}

} // namespace
} // namespace holdfast::drivers::sqlite::testing
