// One SQLite connection as a `sql_connection`: the coroutines that drive blocking work through
// `offload` and wait, by `sleep_until`, for locks that other connections hold.
#pragma once

#include "drivers/sql_driver.hpp"
#include "drivers/sqlite/driver.hpp"
#include "drivers/sqlite/execution.hpp"
#include "drivers/sqlite/handle.hpp"
#include "drivers/sqlite/opening.hpp"

#include <memory>
#include <string_view>

namespace holdfast::drivers::sqlite {

/// Row sinks are called inside `offload`, on its worker under an event loop: nothing else runs for
/// this connection meanwhile, and the coroutine resumes only after it.
/// `settings` and `where` must outlive the connection; the driver owns both.
class connection final : public sql_connection {
public:
  connection(const settings& s, const location& where)
      : settings_{s}, where_{where}, session_{s.options.statement_cache_size} {}
  ~connection() override { close(); }

  [[nodiscard]] task<result<void>> open(runtime& rt, deadline until);

  task<result<void>> perform(runtime& rt, statement what, row_sink* rows, statement_result& done,
                             deadline until) override;
  task<result<cursor_ptr>> open_rows(runtime& rt, statement what, deadline until) override;
  task<result<void>> script(runtime& rt, std::string_view sql, deadline until) override;
  task<result<void>> begin(runtime& rt, begin_options how, deadline until) override;
  task<result<void>> commit(runtime& rt, deadline until) override;
  task<result<void>> rollback(runtime& rt, deadline until) override;
  task<result<void>> savepoint(runtime& rt, std::uint32_t depth, deadline until) override;
  task<result<void>> release_savepoint(runtime& rt, std::uint32_t depth, deadline until) override;
  task<result<void>> rollback_to_savepoint(runtime& rt, std::uint32_t depth,
                                           deadline until) override;
  task<result<void>> ping(runtime& rt, deadline until) override;
  task<result<void>> reset(runtime& rt, deadline until) override;

  [[nodiscard]] bool dirty() const noexcept override;
  void mark_clean() noexcept override;
  [[nodiscard]] transaction_status in_transaction() const noexcept override;
  [[nodiscard]] bool usable() const noexcept override {
    return handle_.get() && handle_.stop_now() != stop_cause::interrupted;
  }
  [[nodiscard]] std::string_view peer() const noexcept override { return settings_.path; }
  void interrupt() noexcept override { handle_.interrupt(); }
  void close() noexcept override;

private:
  class cursor;

  template <class Work>
  [[nodiscard]] task<result<void>> drive(runtime& rt, Work& work, deadline until);
  template <class Work>
  [[nodiscard]] task<result<progress>> drive_batch(runtime& rt, Work& work, deadline until,
                                                   bool& first);
  [[nodiscard]] task<result<progress>> next_batch(runtime& rt, execution& work, deadline until,
                                                  bool& first);
  template <class Work>
  [[nodiscard]] result<progress> step(runtime& rt, Work& work, deadline until, bool first,
                                      bool waited);
  [[nodiscard]] error still_locked(int code) const;
  [[nodiscard]] task<result<void>> control(runtime& rt, std::string_view sql, deadline until);
  [[nodiscard]] task<result<void>> in_open_transaction(runtime& rt, std::string_view verb,
                                                       std::uint32_t depth, deadline until);
  [[nodiscard]] result<void> roll_back_now();
  [[nodiscard]] error located(error e) const;

  const settings& settings_;
  const location& where_;
  handle handle_; // before the session: its statements are finalized first
  session_state session_;
};

} // namespace holdfast::drivers::sqlite
