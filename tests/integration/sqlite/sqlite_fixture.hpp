// What the SQLite tests share: a folder that goes away, connections over `thread_runtime`, and a
// sink that keeps everything.
#pragma once

#include "drivers/sqlite/driver.hpp"

#include <holdfast/thread_runtime.hpp>

#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::drivers::sqlite::testing {

using namespace std::chrono_literals;

struct collected final : row_sink {
  std::vector<column> described;
  int announcements = 0;
  std::vector<std::vector<value>> rows;
  std::size_t refuse_after = SIZE_MAX;

  void columns(std::span<const column> cols) override {
    ++announcements;
    described.assign(cols.begin(), cols.end());
  }
  result<void> row(std::span<value> cells) override {
    if (rows.size() >= refuse_after) return make_error(errc::column_type, "the sink refused");
    rows.emplace_back(std::make_move_iterator(cells.begin()), std::make_move_iterator(cells.end()));
    return {};
  }
};

/// A connection with every verb as a plain blocking call.
class blocking {
public:
  explicit blocking(connection_ptr c) : it{std::move(c)} {}

  result<statement_result> execute(std::string_view sql, std::vector<value> parameters = {},
                                   row_sink* sink = nullptr, duration limit = 10s) {
    return run_inline(it->execute(rt, {.sql = sql, .parameters = parameters}, sink, in(limit)));
  }
  collected query(std::string_view sql, std::vector<value> parameters = {}) {
    collected rows;
    const auto r = execute(sql, std::move(parameters), &rows);
    EXPECT_TRUE(r) << (r ? "" : to_string(r.error()) + " " + r.error().native_message);
    return rows;
  }
  std::int64_t number(std::string_view sql) {
    auto got = query(sql);
    if (got.rows.size() != 1) return -1;
    const auto* n = std::get_if<std::int64_t>(&got.rows[0][0]);
    return n ? *n : -1;
  }
  result<void> script(std::string_view sql) { return run_inline(it->script(rt, sql, in(10s))); }
  result<void> begin(begin_options how = {}, duration limit = 10s) {
    return run_inline(it->begin(rt, how, in(limit)));
  }
  result<void> commit(duration limit = 10s) { return run_inline(it->commit(rt, in(limit))); }
  result<void> rollback() { return run_inline(it->rollback(rt, in(10s))); }
  result<void> savepoint(std::uint32_t d) { return run_inline(it->savepoint(rt, d, in(10s))); }
  result<void> release(std::uint32_t d) {
    return run_inline(it->release_savepoint(rt, d, in(10s)));
  }
  result<void> rollback_to(std::uint32_t d) {
    return run_inline(it->rollback_to_savepoint(rt, d, in(10s)));
  }
  result<void> ping() { return run_inline(it->ping(rt, in(10s))); }
  result<void> reset() { return run_inline(it->reset(rt, in(10s))); }

  deadline in(duration limit) { return deadline::after(rt.now(), limit); }

  thread_runtime rt;
  connection_ptr it;
};

class sqlite_test : public ::testing::Test {
protected:
  sqlite_test() {
    auto pattern = (std::filesystem::temp_directory_path() / "holdfast-sqlite-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::permissions(folder_, std::filesystem::perms::all);
  }
  ~sqlite_test() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(std::string_view name = "app.db") const {
    return (folder_ / name).string();
  }
  [[nodiscard]] static result<connection_ptr> try_open(sql_driver& driver, duration limit = 10s) {
    thread_runtime rt;
    return run_inline(driver.open(rt, deadline::after(rt.now(), limit)));
  }
  blocking open(sql_driver& driver) {
    auto c = try_open(driver);
    if (!c) throw std::runtime_error{to_string(c.error())};
    return blocking{std::move(*c)};
  }
  blocking open() { return open(*driver_); }
  /// The driver of "app.db" with other options, from here on.
  void use(sqlite_options options) { driver_ = make_driver({path(), options}); }

  std::filesystem::path folder_;
  std::shared_ptr<sql_driver> driver_;

  void SetUp() override { driver_ = make_driver({path(), {}}); }
};

inline std::chrono::milliseconds since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

/// Counts for ever.
inline constexpr std::string_view runaway =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

} // namespace holdfast::drivers::sqlite::testing
