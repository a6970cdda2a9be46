// One caller: books seats and moves money, one operation after the other, and writes down what it
// is told.
#pragma once

#include "cli/demo/dialect.hpp"
#include "cli/demo/fault_log.hpp"
#include "cli/demo/ledger.hpp"
#include "cli/demo/pulse.hpp"
#include "testing/random_source.hpp"

#include <holdfast/database.hpp>

#include <atomic>
#include <stop_token>

namespace holdfast::cli::demo {

/// What all callers share. Outlives them.
struct workplace {
  database db;
  dialect words;
  std::string run; ///< begins every operation key
  pulse live{};
  fault_log faults{};
  std::atomic<std::uint32_t> flight{1}; ///< the one that is being sold
};

class caller {
public:
  caller(workplace& at, std::uint32_t number, std::uint64_t seed);

  /// Until told to stop; the operation under way is finished.
  void run(const std::stop_token& stop);

  [[nodiscard]] const ledger& books() const noexcept { return books_; }

private:
  void book_a_seat();
  void move_money();
  void ask_again();
  [[nodiscard]] result<std::string> free_seat();
  [[nodiscard]] result<std::int64_t> send(const ledger_entry& what, bool stumble);
  [[nodiscard]] result<std::int64_t> send_booking(const ledger_entry& what);
  [[nodiscard]] result<std::int64_t> send_transfer(const ledger_entry& what, bool stumble);
  void write_down(ledger_entry done, const result<std::int64_t>& reply, time_point asked);
  [[nodiscard]] ledger_entry new_entry(deed what);
  void note(answer was, time_point asked);

  workplace& at_;
  std::uint32_t number_;
  testing::random_source random_;
  std::uint32_t operations_ = 0;
  bool failed_ = false; ///< the last operation
  ledger books_;
};

} // namespace holdfast::cli::demo
