// Callers that move money, add rows and read, and write down what they were told.
#pragma once

#include "chaos/ground.hpp"

#include <holdfast/database.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::testing {
class random_source;
}

namespace holdfast::matrix {

using testing::random_source;

/// How a lost reply is to be resolved.
enum class naming : std::uint8_t {
  keys,  ///< every write has an operation key
  ids,   ///< none has: transactions and traceable statements go by their ids
  mixed, ///< both, and single statements that have neither
};

struct workload_options {
  std::uint64_t seed = 0;
  std::string run; ///< begins every operation key
  int callers = 8;
  std::int64_t accounts = 64;
  naming names = naming::mixed;
  duration deadline = std::chrono::seconds{30}; ///< of each call
  /// Accounts are locked in any order, and held a moment: transfers deadlock.
  bool any_order = false;
  /// Every other read takes 30 ms and is given up after 10.
  bool given_up_reads = false;
  /// The first caller only reads, 200 ms each time: it has a lease whatever happens.
  bool slow_reader = false;
  duration shortest_rest{}; ///< of a caller between two calls
  duration longest_rest{};
};

enum class answer : std::uint8_t {
  acknowledged, ///< must be there, once
  failed,       ///< an error with effect "none": must not be there
  unknown,      ///< an error with effect "unknown": may be there, once
};

struct written {
  std::int64_t id = 0;
  answer was = answer::failed;
  std::string token; ///< unknown: what to ask with; may be empty
  time_point told{};
};

/// What one caller was told.
struct ledger {
  std::vector<written> writes;
  std::uint64_t reads = 0;
  std::uint64_t wrong_replies = 0; ///< reads that were answered with another one's value
  duration worst_overrun{};        ///< by how much a call outlasted its deadline
  std::map<std::string, std::uint64_t> errors; ///< by name
};

/// Threads: its verbs from one thread.
class workload {
public:
  /// The callers begin at once.
  workload(database db, workload_options options, const dialect& words);
  ~workload();
  workload(const workload&) = delete;
  workload& operator=(const workload&) = delete;

  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
  /// Waits for that many more acknowledged writes; false after `limit`.
  [[nodiscard]] bool wait_acknowledged(std::uint64_t more, duration limit) const;

  /// The next write that ends well is to be remembered.
  void watch() noexcept { first_success_ = 0; }
  /// When it ended; empty if none has within `limit`.
  [[nodiscard]] std::optional<time_point> first_success(duration limit) const;

  /// Calls under way end; then the ledgers may be read.
  void stop();
  [[nodiscard]] const std::vector<ledger>& ledgers() const noexcept { return ledgers_; }

private:
  void call(int number, const std::stop_token& stop);
  void read(ledger& book, random_source& random) const;
  void read_slowly(ledger& book, random_source& random) const;
  void ask(ledger& book, sql text, std::int64_t number, duration limit) const;
  [[nodiscard]] bool write(ledger& book, random_source& random, std::int64_t id);
  void move_money(random_source& random, std::int64_t id, const std::string& key);

  database db_;
  workload_options options_;
  const dialect& words_;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<std::int64_t> first_success_{-1}; // 0: awaited; else a moment; -1: nobody asks
  std::vector<ledger> ledgers_;
  std::vector<std::jthread> callers_; // last: they use the rest
};

} // namespace holdfast::matrix
