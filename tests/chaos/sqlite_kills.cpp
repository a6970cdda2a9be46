#include "chaos/sqlite_kills.hpp"

#include "chaos/sqlite_ground.hpp"
#include "testing/child_process.hpp"
#include "testing/random_source.hpp"

#include <holdfast/sqlite.hpp>

#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

namespace holdfast::matrix::sqlite {

namespace {

using namespace std::chrono_literals;

constexpr int writers = 4;
constexpr auto longest_silence = 10s; // of a process that was started
constexpr auto longest_life = 12ms;   // from its first acknowledged write to the kill
/// Of the ledger: each writer has begun, and some were acknowledged.
constexpr std::uintmax_t first_lines = 8 * 17;
/// A kill rarely falls between the commit and our note of it: fewer prove nothing about both.
constexpr std::uint64_t kills_for_both = 200;

/// One write of each two is a statement, the other a transaction.
void write(database& db, const dialect& words, const std::string& run, std::int64_t id) {
  const std::string key = run + std::to_string(id);
  if (id % 2 == 0) {
    db.with({.operation_key = key}).execute(words.enter, id);
    return;
  }
  db.transaction({.operation_key = key}, [&](transaction& tx) {
    tx.execute(words.withdraw, id % 100, id % account_count);
    tx.execute(words.enter, id);
    tx.execute(words.deposit, id % 100, (id + 1) % account_count);
  });
}

database_options options() {
  database_options o;
  o.log.enabled = false;
  o.operation_keys.enabled = true;
  o.pool.min_size = 1;
  o.pool.max_size = writers;
  return o;
}

/// Of all the processes so far: 't' and an id for a write that was tried, 'a' where it was
/// acknowledged. A kill may have cut the last line short.
struct told {
  std::set<std::int64_t> tried;
  std::set<std::int64_t> acknowledged;

  explicit told(const std::string& file) {
    std::ifstream lines{file};
    std::string line;
    while (std::getline(lines, line) && !lines.eof())
      (line[0] == 'a' ? acknowledged : tried).insert(std::stoll(line.substr(1)));
  }
};

std::uintmax_t size_of(const std::string& file) {
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  return none ? 0 : size;
}

/// One life of the process. False if it wrote nothing.
bool live_and_die(const sqlite_ground& at, const std::string& ledger, const std::string& run,
                  testing::random_source& random) {
  const std::string output = at.folder() / "writer";
  const pid_t pid =
      testing::spawn({.argv = {"/proc/self/exe", keep_writing_word, at.file(), ledger, run},
                      .output = output,
                      .user = std::nullopt,
                      .signal_if_parent_dies = SIGKILL});
  const std::uintmax_t before = size_of(ledger);
  bool wrote = false;
  for (const time_point end = clock::now() + longest_silence; clock::now() < end && !wrote;) {
    std::this_thread::sleep_for(500us);
    wrote = size_of(ledger) > before + first_lines;
  }
  std::this_thread::sleep_for(duration{random.below(duration{longest_life}.count())});
  ::kill(pid, SIGKILL);
  (void)testing::wait_exit(pid, 5s);
  return wrote;
}

std::map<std::int64_t, std::int64_t> entries(ground& at) {
  std::map<std::int64_t, std::int64_t> there;
  for (const auto& [id, times] :
       at.boss().query<std::int64_t, std::int64_t>(at.words().count_entries))
    there[id] = times;
  return there;
}

void judge(ground& at, const std::string& run, const told& books, std::uint32_t kills, verdict& v) {
  const auto found = entries(at);
  std::uint64_t in_doubt = 0;
  std::uint64_t done = 0;
  for (const auto id : books.tried) {
    const bool there = found.contains(id);
    v.demand(there || !books.acknowledged.contains(id), "write {} was acknowledged, and is lost",
             id);
    if (books.acknowledged.contains(id)) continue;
    ++in_doubt;
    done += there ? 1 : 0;
    write(at.boss(), at.words(), run, id);
  }
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  auto now = entries(at);
  for (const auto id : books.tried) {
    lost += now[id] == 0 ? 1 : 0;
    doubled += now[id] > 1 ? 1 : 0;
    now.erase(id);
  }
  const auto money = at.boss().query_value<std::int64_t>(at.words().sum_accounts).value();
  v.figure("{} acknowledged, {} in doubt of which {} were done; lost {}, doubled {}",
           books.acknowledged.size(), in_doubt, done, lost, doubled);
  v.demand(lost == 0 && doubled == 0, "{} writes are lost, {} are there twice", lost, doubled);
  v.demand(now.empty(), "{} rows are there that nobody wrote", now.size());
  v.demand(money == account_count * opening_balance, "{} money is missing",
           account_count * opening_balance - money);
  v.demand(kills < kills_for_both || (done > 0 && done < in_doubt),
           "of {} writes in doubt {} were done: both must come up", in_doubt, done);
}

} // namespace

int keep_writing(const std::string& file, const std::string& ledger, const std::string& run) {
  const int book = ::open(ledger.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (book < 0) return 1;
  auto db = holdfast::sqlite::connect(file, options());
  // No two processes have the same: the clock goes on between them.
  std::atomic<std::int64_t> next{clock::now().time_since_epoch().count()};
  const auto note = [book](char what, std::int64_t id) {
    const std::string line = what + std::to_string(id) + "\n";
    if (::write(book, line.data(), line.size()) < 0) std::abort();
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < writers; ++i)
    threads.emplace_back([&] {
      while (true) {
        const std::int64_t id = ++next;
        note('t', id);
        write(db, sqlite_words(), run, id);
        note('a', id);
      }
    });
  return 0;
}

verdict run_kills(ground& ground, std::uint32_t kills, std::uint64_t seed) {
  verdict v;
  auto& at = static_cast<sqlite_ground&>(ground);
  at.make_tables();
  const std::string run = at.next_run();
  const std::string ledger = at.folder() / ("ledger-" + run);
  testing::random_source random{seed};
  const time_point began = clock::now();
  std::uint32_t done = 0;
  while (done < kills && live_and_die(at, ledger, run, random)) ++done;
  const double seconds = std::chrono::duration<double>(clock::now() - began).count();
  v.figure("{} kills in {:.1f} s, {:.0f} a second", done, seconds, done / seconds);
  v.demand(done == kills, "only {} of {} kills: a process wrote nothing for {} s", done, kills,
           longest_silence.count());
  judge(at, run, told{ledger}, kills, v);
  return v;
}

} // namespace holdfast::matrix::sqlite
