#include "chaos/sqlite_cells.hpp"

#include "chaos/lock_holder.hpp"
#include "chaos/play.hpp"
#include "chaos/sqlite_ground.hpp"
#include "chaos/sqlite_kills.hpp"
#include "chaos/wall_clock.hpp"
#include "testing/random_source.hpp"

#include <atomic>
#include <cerrno>
#include <optional>
#include <sqlite3.h>
#include <thread>
#include <unistd.h>

namespace holdfast::matrix::sqlite {

namespace {

using namespace std::chrono_literals;

/// Of callers whom nothing may fail: the file's commits go to a disk that others use, too.
constexpr auto patience = 3s;

sqlite_ground& on_sqlite(trial& t) { return static_cast<sqlite_ground&>(t.at); }

/// What the disk does to each write of this process. SQLite calls us instead of the system.
struct disk {
  static inline std::atomic<bool> full{false};
  static inline std::atomic<int> delay_us{0};

  static ssize_t write_at(int file, const void* bytes, size_t size, off_t offset) {
    if (const int us = delay_us) std::this_thread::sleep_for(std::chrono::microseconds{us});
    if (full) {
      errno = ENOSPC;
      return -1;
    }
    return ::pwrite(file, bytes, size, offset);
  }

  /// In force until the end of the scope; which of the names is used depends on how it was built.
  disk() { each(reinterpret_cast<sqlite3_syscall_ptr>(&write_at)); }
  ~disk() {
    full = false;
    delay_us = 0;
    each(nullptr);
  }
  disk(const disk&) = delete;
  disk& operator=(const disk&) = delete;

private:
  static void each(sqlite3_syscall_ptr call) {
    sqlite3_vfs* const files = sqlite3_vfs_find(nullptr);
    for (const char* name : {"pwrite", "pwrite64"}) files->xSetSystemCall(files, name, call);
  }
};

/// Another process holds the lock: writes wait for it, and are told so at their deadline.
void play_held(trial& t, void (*harm)(lock_holder&), void (*heal)(lock_holder&)) {
  sqlite_ground& at = on_sqlite(t);
  std::optional<lock_holder> holder;
  plan p = direct(t);
  p.outage = true;
  p.expected = {errc::database_busy, errc::deadline_exceeded};
  p.harm = [&] {
    holder.emplace(at.folder(), at.file());
    harm(*holder);
  };
  p.heal = [&] {
    heal(*holder);
    return clock::now();
  };
  play(t, p);
}

/// The file is there, and each write fails: that is the breaker's, whose open time goes by before
/// the first success. A short one, so that the cell ends soon.
plan failing(trial& t, errc expected) {
  plan p = direct(t);
  p.outage = true;
  p.expected = {expected};
  p.breaker_opens = true;
  p.options.breaker.open_for = 100ms;
  p.options.breaker.max_open_for = 200ms;
  return p;
}

} // namespace

void commit_kill(trial& t) { t.out = run_kills(t.at, t.brief ? 20 : 200, t.seed); }

/// Late, and nothing else: writers wait in line, and each for its disk.
void slow(trial& t) {
  const disk here;
  plan p = direct(t);
  p.load.deadline = patience;
  p.harmless = true;
  p.harm = [] { disk::delay_us = 2000; };
  p.heal = [] {
    disk::delay_us = 0;
    return clock::now();
  };
  play(t, p);
}

/// Reads are given up while they run.
void reads_given_up(trial& t) {
  plan p = direct(t);
  p.load.given_up_reads = true;
  p.forbidden = {errc::cancelled, errc::connection_lost};
  p.expected = {errc::deadline_exceeded};
  play(t, p);
}

void writer_killed(trial& t) {
  play_held(
      t, [](lock_holder&) {}, [](lock_holder& h) { h.kill_hard(); });
}

void writer_paused(trial& t) {
  play_held(
      t, [](lock_holder& h) { h.pause(); },
      [](lock_holder& h) {
        h.resume();
        h.release();
      });
}

void locked(trial& t) {
  play_held(
      t, [](lock_holder&) {}, [](lock_holder& h) { h.release(); });
}

void disk_full(trial& t) {
  const disk here;
  plan p = failing(t, errc::disk_full);
  p.harm = [] { disk::full = true; };
  p.heal = [] {
    disk::full = false;
    return clock::now();
  };
  play(t, p);
}

/// Less than any one of the callers' connections needs, also when the others have been closed.
void out_of_memory(trial& t) {
  plan p = failing(t, errc::out_of_memory);
  p.harm = [] { sqlite3_hard_heap_limit64(sqlite3_memory_used() / 16); };
  p.heal = [] {
    sqlite3_hard_heap_limit64(0);
    return clock::now();
  };
  play(t, p);
}

void wall_clock_jump(trial& t) {
  testing::random_source random{t.seed};
  int jumps = 0;
  plan p = direct(t);
  p.load.deadline = patience;
  p.harmless = true;
  p.nudge = [&] {
    wall_clock::jump(std::chrono::seconds{random.between(3600, 86'400)} * (jumps++ % 2 ? -1 : 1));
  };
  play(t, p);
  wall_clock::restore();
  t.out.figure("{} jumps", jumps);
}

} // namespace holdfast::matrix::sqlite
