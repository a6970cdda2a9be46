// Streams of rows: the opening is an operation like any other; then the lease stays with the
// stream.
#pragma once

#include "database/host.hpp"
#include "database/work.hpp"
#include "database/writer_queue.hpp"

#include <holdfast/call_options.hpp>
#include <holdfast/row_stream.hpp>

#include <memory>
#include <string>
#include <vector>

namespace holdfast::detail {

class database_core;

/// What a stream keeps. Declared in the order in which it must not go: the rows end before the
/// connection returns, the connection returns before the next writer's turn.
struct stream_state {
  stream_state(std::shared_ptr<database_core> db, const statement& s, const call_terms& t);
  stream_state(const stream_state&) = delete;
  stream_state& operator=(const stream_state&) = delete;
  ~stream_state();

  std::shared_ptr<database_core> core;
  std::string text;
  std::string name;
  std::string trace_id;
  std::vector<value> parameters;
  call_terms terms; // its views look at the strings above
  duration limit{}; // of each wait
  writer_queue::turn turn;
  sql_lease lease;
  drivers::cursor_ptr rows;
};

/// Opens the rows and waits for the first of them.
class stream_work final : public work {
public:
  stream_work(stream_state& state, row_sink& first) noexcept : state_{state}, first_{first} {}
  task<result<void>> attempt(runtime& rt, drivers::sql_connection& on,
                             const call_terms& terms) override;
  [[nodiscard]] attempt_facts take_facts(const drivers::sql_driver& engine) override {
    return {.repeatable = !engine.writes(state_.text)};
  }
  bool keep(sql_lease& lease, writer_queue::turn& turn) override;

private:
  stream_state& state_;
  row_sink& first_;
};

class leased_stream final : public stream_core {
public:
  explicit leased_stream(std::unique_ptr<stream_state> state) noexcept : state_{std::move(state)} {}
  ~leased_stream() override;
  task<result<bool>> fetch(runtime& rt, row_sink& rows) override;
  task<result<void>> close(runtime& rt) override;

private:
  std::unique_ptr<stream_state> state_;
};

} // namespace holdfast::detail
