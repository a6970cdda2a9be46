// Rows that are fetched by and by.
#include "integration/postgres/fixture.hpp"
#include "sanitized.hpp"

#include <fstream>

namespace holdfast::drivers::postgres::tests {
namespace {

struct counting final : row_sink {
  void columns(std::span<const column>) override {}
  result<void> row(std::span<value> cells) override {
    ++rows;
    if (const auto* text = std::get_if<std::string>(&cells[0])) bytes += text->size();
    if (rows == stop_after) return make_error(errc::user_exception, "enough");
    return {};
  }
  std::size_t rows = 0;
  std::size_t bytes = 0;
  std::size_t stop_after = 0;
};

/// The most memory this process had since the last call of `forget_peak`.
std::size_t resident_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
  return 0;
}

void forget_peak() { std::ofstream{"/proc/self/clear_refs"} << '5'; }

class postgres_cursor : public ::testing::Test {
protected:
  result<cursor_ptr> open(std::string_view sql, std::uint32_t fetch_size = default_fetch_size) {
    what.sql = sql;
    what.fetch_size = fetch_size;
    return run_inline(c.link().open_rows(c.rt(), what, c.in(5s)));
  }
  result<bool> fetch(row_cursor& rows, row_sink& sink, duration d = 5s) {
    return run_inline(rows.fetch(c.rt(), sink, c.in(d)));
  }
  result<void> close(row_cursor& rows, duration d = 5s) {
    return run_inline(rows.close(c.rt(), c.in(d)));
  }
  client c{settings_for(shared_server())};
  statement what;
};

TEST_F(postgres_cursor, gives_batches_and_frees_the_connection_at_the_end) {
  const auto rows = open("select generate_series(1, 25)", 10).value();
  counting all;
  std::size_t before = 0;
  while (fetch(*rows, all).value()) {
    EXPECT_LE(all.rows - before, 10U);
    before = all.rows;
  }
  EXPECT_EQ(all.rows, 25U);
  EXPECT_FALSE(fetch(*rows, all).value()); // asked again
  EXPECT_EQ(c.one("select 7"), value{std::int64_t{7}});
  EXPECT_FALSE(c.link().dirty());
}

TEST_F(postgres_cursor, a_large_result_takes_little_memory) {
  counting all;
  const auto drain = [&](const char* sql) {
    const auto rows = open(sql).value();
    while (fetch(*rows, all, 30s).value()) {
    }
  };
  drain("select repeat('x', 1000) from generate_series(1, 10)");
  forget_peak();
  const auto before = resident_kib();
  drain("select repeat('x', 1000) from generate_series(1, 200000)");
  EXPECT_EQ(all.bytes, 200'010'000U);
  const auto taken = resident_kib() - before;
  if (!testing::sanitized) { // which keeps what was freed
    EXPECT_LT(taken, 8U * 1024);
  }
}

TEST_F(postgres_cursor, closed_early_leaves_the_connection_usable) {
  const auto rows = open("select generate_series(1, 3000)", 10).value();
  counting some;
  EXPECT_TRUE(fetch(*rows, some).value());
  close(*rows).value();
  close(*rows).value();
  EXPECT_EQ(c.one("select 7"), value{std::int64_t{7}});
}

TEST_F(postgres_cursor, closed_early_on_very_much_costs_the_connection) {
  const auto before = c.rt().now();
  const auto rows = open("select generate_series(1, 100000000)").value();
  counting some;
  EXPECT_TRUE(fetch(*rows, some).value());
  const auto closed = close(*rows, 30s);
  ASSERT_FALSE(closed);
  EXPECT_FALSE(closed.error().connection_usable);
  EXPECT_LT(c.rt().now() - before, 2s);
  EXPECT_FALSE(c.ping());
}

// To give the connection up would undo the block: all that is left is read and thrown away, however
// many waits that takes.
TEST_F(postgres_cursor, closed_early_in_a_block_keeps_the_block) {
  c.execute("create temp table a(x int)").value();
  c.begin().value();
  c.execute("insert into a values (1)").value();
  const auto rows = open("select repeat('x', 1000) from generate_series(1, 200000)").value();
  counting some;
  EXPECT_TRUE(fetch(*rows, some).value());
  close(*rows, 30s).value();
  EXPECT_EQ(c.link().in_transaction(), transaction_status::open);
  c.commit().value();
  EXPECT_EQ(c.one("select count(*) from a"), value{std::int64_t{1}});
}

TEST_F(postgres_cursor, forgotten_before_its_end_costs_the_connection) {
  {
    const auto rows = open("select generate_series(1, 3000)", 10).value();
    counting some;
    EXPECT_TRUE(fetch(*rows, some).value());
  }
  const auto next = c.execute("select 1");
  ASSERT_FALSE(next);
  EXPECT_FALSE(next.error().connection_usable);
}

TEST_F(postgres_cursor, a_refusal_that_comes_with_the_rows) {
  const auto rows = open("select 10 / (5 - x) from generate_series(1, 9) x").value();
  counting some;
  auto more = fetch(*rows, some);
  while (more && *more) more = fetch(*rows, some);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, errc::invalid_data);
  EXPECT_EQ(more.error().native_code, "22012");
  EXPECT_TRUE(more.error().connection_usable);
  EXPECT_EQ(some.rows, 4U);
  EXPECT_FALSE(fetch(*rows, some).value());
  EXPECT_TRUE(c.ping());
}

TEST_F(postgres_cursor, a_sink_that_has_enough_leaves_the_connection_usable) {
  const auto rows = open("select generate_series(1, 3000)").value();
  counting some;
  some.stop_after = 3;
  auto more = fetch(*rows, some);
  while (more && *more) more = fetch(*rows, some);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, errc::user_exception);
  EXPECT_TRUE(more.error().connection_usable);
  EXPECT_EQ(some.rows, 3U);
  EXPECT_TRUE(c.ping());
}

TEST_F(postgres_cursor, a_deadline_ends_the_connection) {
  const auto rows = open("select x, pg_sleep(case x when 5 then 20 else 0 end) "
                         "from generate_series(1, 9) x")
                        .value();
  counting some;
  const auto before = c.rt().now();
  auto more = fetch(*rows, some, 200ms);
  while (more && *more) more = fetch(*rows, some, 200ms);
  ASSERT_FALSE(more);
  EXPECT_LT(c.rt().now() - before, 2s);
  EXPECT_EQ(more.error().code, errc::deadline_exceeded);
  EXPECT_FALSE(more.error().connection_usable);
  EXPECT_FALSE(c.ping());
}

TEST_F(postgres_cursor, a_schema_change_is_told_and_prepared_anew_next_time) {
  client other{settings_for(shared_server())};
  const auto t = table_name();
  other.script("drop table if exists " + t + "; create table " + t + "(a int)").value();
  const auto select = "select * from " + t;
  counting none;
  EXPECT_FALSE(fetch(*open(select).value(), none).value());
  other.execute("alter table " + t + " add b text").value();
  const auto stale = open(select).value();
  const auto told = fetch(*stale, none);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, errc::stale_statement);
  EXPECT_EQ(told.error().next, advice::retry_statement);
  EXPECT_TRUE(told.error().connection_usable);
  EXPECT_FALSE(fetch(*open(select).value(), none).value());
  other.execute("drop table " + t).value();
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
