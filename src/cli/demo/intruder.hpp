// The second process on the SQLite file: this program again, under a hidden command. It is told on
// its standard input what to do and says on its standard output what it did.
#pragma once

#include <holdfast/time.hpp>

#include <cstdint>
#include <stop_token>
#include <string>
#include <sys/types.h>

namespace holdfast::cli::demo {

inline constexpr auto intruder_command = "demo-intruder";
/// Rows that one burst writes, all in one transaction.
inline constexpr std::int64_t rows_a_burst = 10;
inline constexpr auto intruder_tables =
    "create table intruder (burst bigint not null, line bigint not null);";

/// The parent's end. One user at a time.
class intruder {
public:
  /// Starts the process. Throws std::system_error.
  explicit intruder(const std::string& file);
  ~intruder();
  intruder(const intruder&) = delete;
  intruder& operator=(const intruder&) = delete;

  /// Asks for one burst: take the write lock, write, hold it that long, commit.
  void begin_burst(std::int64_t number, std::chrono::milliseconds hold);
  /// The next line it says, or empty: it died, was silent for `limit`, or we are to stop.
  [[nodiscard]] std::string hear(const std::stop_token& stop, std::chrono::milliseconds limit);
  /// SIGKILL, and waits until it is gone.
  void kill_hard();

private:
  pid_t pid_ = 0;
  int to_ = -1;
  int from_ = -1;
  std::string heard_;
};

} // namespace holdfast::cli::demo
