// Speaks to a driver without the facade above it.
#pragma once

#include "drivers/sql_driver.hpp"

#include <holdfast/thread_runtime.hpp>

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::drivers::tests {

using namespace std::chrono_literals;

struct collected final : row_sink {
  void columns(std::span<const column> cols) override { names.assign(cols.begin(), cols.end()); }
  result<void> row(std::span<value> cells) override {
    rows.emplace_back(cells.begin(), cells.end());
    if (rows.size() == stop_after) return make_error(errc::user_exception, "enough");
    return {};
  }
  std::vector<column> names;
  std::vector<std::vector<value>> rows;
  std::size_t stop_after = 0;
};

/// A driver, a thread's runtime and one connection, with blocking verbs.
class driver_client {
public:
  explicit driver_client(std::unique_ptr<sql_driver> driver) : driver_{std::move(driver)} {}

  deadline in(duration d) { return deadline::after(rt_.now(), d); }
  result<connection_ptr> open(duration d = 5s) { return run_inline(driver_->open(rt_, in(d))); }
  sql_connection& link() {
    if (!link_) link_ = open().value();
    return *link_;
  }
  result<statement_result> execute(std::string_view sql, std::vector<value> parameters = {},
                                   row_sink* rows = nullptr, duration d = 5s) {
    statement what;
    what.sql = sql;
    what.parameters = parameters;
    return run_inline(link().execute(rt_, what, rows, in(d)));
  }
  collected query(std::string_view sql, std::vector<value> parameters = {}) {
    collected rows;
    execute(sql, std::move(parameters), &rows).value();
    return rows;
  }
  value one(std::string_view sql, std::vector<value> parameters = {}) {
    return query(sql, std::move(parameters)).rows.at(0).at(0);
  }
  result<void> begin(begin_options how = {}) { return run_inline(link().begin(rt_, how, in(5s))); }
  result<void> commit(duration d = 5s) { return run_inline(link().commit(rt_, in(d))); }
  result<void> rollback() { return run_inline(link().rollback(rt_, in(5s))); }
  result<void> reset() { return run_inline(link().reset(rt_, in(5s))); }
  result<void> ping(duration d = 5s) { return run_inline(link().ping(rt_, in(d))); }
  result<void> script(std::string_view sql) { return run_inline(link().script(rt_, sql, in(5s))); }

  sql_driver& driver() { return *driver_; }
  thread_runtime& rt() { return rt_; }

private:
  std::unique_ptr<sql_driver> driver_;
  thread_runtime rt_;
  connection_ptr link_;
};

/// A name that no other test uses.
inline std::string table_name() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  return std::string{"t_"} + test->name();
}

} // namespace holdfast::drivers::tests
