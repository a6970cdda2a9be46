#include "integration/mysql/fixture.hpp"

#include <limits>
#include <thread>

namespace holdfast::drivers::mysql::tests {
namespace {

using std::chrono::days;

class statements : public ::testing::Test {
protected:
  client db{settings_for(shared_server())};
};

template <class T>
T as(const value& v) {
  EXPECT_TRUE(std::holds_alternative<T>(v)) << to_string(v.type());
  return std::get<T>(v);
}

TEST_F(statements, run_prepared_with_parameters_of_each_type) {
  const auto t = table_name();
  db.execute("create table " + t +
             " (i bigint, u bigint unsigned, b bool, d double, f float, t text, by_ blob, g uuid, "
             "dt date, tm time(6), ts datetime(6), n decimal(30,10), j json, bits bit(9))")
      .value();
  const uuid id = [] {
    uuid u;
    EXPECT_TRUE(parse("550e8400-e29b-41d4-a716-446655440000", u));
    return u;
  }();
  const date day{std::chrono::year{2026} / 11 / 21};
  const timestamp moment = timestamp{day} + 23h + 59min + 59s + std::chrono::microseconds{123456};
  const time_of_day clock{std::chrono::hours{1} + std::chrono::microseconds{7}};
  const bytes raw{std::byte{0}, std::byte{0xff}, std::byte{'\''}};
  const std::string text{"a\0b\xf0\x9f\x90\xac", 7};
  const auto done =
      db.execute("insert into " + t + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 {std::numeric_limits<std::int64_t>::min(), numeric{"18446744073709551615"}, true,
                  0.1, 0.5, text, raw, id, day, clock, moment, numeric{"-12345678901234567890.5"},
                  json_text{R"({"a": 1})"}, 257})
          .value();
  EXPECT_EQ(done.rows_affected, 1U);
  const auto got = db.query("select * from " + t).rows.at(0);
  EXPECT_EQ(as<std::int64_t>(got[0]), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(as<numeric>(got[1]).digits, "18446744073709551615");
  EXPECT_EQ(as<std::int64_t>(got[2]), 1);
  EXPECT_EQ(as<double>(got[3]), 0.1);
  EXPECT_EQ(as<double>(got[4]), 0.5);
  EXPECT_EQ(as<std::string>(got[5]), text);
  EXPECT_EQ(as<bytes>(got[6]), raw);
  EXPECT_EQ(as<uuid>(got[7]), id);
  EXPECT_EQ(as<date>(got[8]), day);
  EXPECT_EQ(as<time_of_day>(got[9]), clock);
  EXPECT_EQ(as<timestamp>(got[10]), moment);
  EXPECT_EQ(as<numeric>(got[11]).digits, "-12345678901234567890.5000000000");
  EXPECT_EQ(as<json_text>(got[12]).text, R"({"a": 1})");
  EXPECT_EQ(as<std::int64_t>(got[13]), 257);
}

TEST_F(statements, nulls_of_each_type) {
  const auto got = db.query("select ?, cast(null as signed), cast(null as date)", {null_t{}});
  for (const auto& v : got.rows.at(0)) EXPECT_EQ(v.type(), value_type::null);
}

TEST_F(statements, a_cached_statement_takes_other_types_and_other_results) {
  EXPECT_EQ(as<std::int64_t>(db.one("select ?", {value{std::int64_t{42}}})), 42);
  EXPECT_EQ(as<std::string>(db.one("select ?", {value{std::string{"x"}}})), "x");
  EXPECT_EQ(as<double>(db.one("select ?", {value{1.5}})), 1.5);
  EXPECT_EQ(db.one("select ?", {null_t{}}).type(), value_type::null);
  EXPECT_EQ(as<std::int64_t>(db.one("select ?", {value{std::int64_t{7}}})), 7);
}

TEST_F(statements, texts_short_and_long_come_whole) {
  for (const std::size_t size : {0UL, 1UL, 239UL, 240UL, 241UL, 70'000UL, 15'000'000UL}) {
    const std::string sent(size, 'y');
    EXPECT_EQ(as<std::string>(db.one("select ?", {value{sent}})), sent) << size;
  }
}

TEST_F(statements, many_rows_of_texts) {
  const auto got = db.query("select seq, repeat('x', seq % 300) from seq_1_to_5000");
  ASSERT_EQ(got.rows.size(), 5000U);
  for (std::size_t i = 0; i < got.rows.size(); ++i) {
    EXPECT_EQ(as<std::int64_t>(got.rows[i][0]), static_cast<std::int64_t>(i + 1));
    EXPECT_EQ(as<std::string>(got.rows[i][1]).size(), (i + 1) % 300);
  }
}

TEST_F(statements, a_request_beyond_max_allowed_packet_is_refused_before_it_is_sent) {
  const auto limit = as<std::int64_t>(db.one("select @@max_allowed_packet"));
  const auto done = db.execute("select length(?)",
                               {value{std::string(static_cast<std::size_t>(limit) + 1, 'x')}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, errc::value_out_of_range);
  EXPECT_NE(done.error().message.find("max_allowed_packet = "), std::string::npos);
  EXPECT_TRUE(done.error().connection_usable);
  EXPECT_EQ(as<std::int64_t>(db.one("select 1")), 1);
}

TEST_F(statements, values_that_the_engine_has_no_place_for_are_refused_by_position) {
  const auto nan = db.execute(
      "select ?, ?", {value{std::int64_t{1}}, value{std::numeric_limits<double>::quiet_NaN()}});
  ASSERT_FALSE(nan);
  EXPECT_EQ(nan.error().code, errc::value_out_of_range);
  EXPECT_NE(nan.error().message.find("parameter 2"), std::string::npos);
  const auto array = db.execute("select ?", {value{value_array(1, value{std::int64_t{1}})}});
  ASSERT_FALSE(array);
  EXPECT_EQ(array.error().code, errc::parameter_type);
  const auto few = db.execute("select ?", {});
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().code, errc::parameter_count);
}

TEST_F(statements, what_was_refused_leaves_nothing_behind_for_the_next_call) {
  const value one{std::int64_t{1}};
  const value text{std::string{"x"}}; // the same object, so the same place
  const value nan{std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(as<std::string>(db.one("select concat(?, ?)", {one, one})), "11");
  EXPECT_FALSE(db.execute("select concat(?, ?)", {text, nan}));
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(as<std::string>(db.one("select concat(?, ?)", {text, one})), "x1");
}

TEST_F(statements, a_zero_date_is_an_error_that_names_the_column_and_leaves_the_connection) {
  db.execute("set sql_mode = ''").value();
  const auto got = db.execute("select cast('0000-00-00' as date) as born", {}, nullptr);
  ASSERT_TRUE(got);
  collected rows;
  const auto read = db.execute("select cast('0000-00-00' as date) as born", {}, &rows);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::invalid_data);
  EXPECT_NE(read.error().message.find("born"), std::string::npos);
  EXPECT_TRUE(read.error().connection_usable);
  EXPECT_EQ(as<std::int64_t>(db.one("select 1")), 1);
}

TEST_F(statements, errors_of_the_server_have_their_kind) {
  const auto t = table_name();
  db.execute("create table " + t + " (id int primary key, v int not null)").value();
  db.execute("insert into " + t + " values (1, 1)").value();
  const auto twice = db.execute("insert into " + t + " values (1, 2)");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, errc::unique_violation);
  EXPECT_EQ(twice.error().native_code, "1062");
  EXPECT_EQ(twice.error().effect, side_effect::none);
  const auto syntax = db.execute("selekt 1");
  ASSERT_FALSE(syntax);
  EXPECT_EQ(syntax.error().code, errc::syntax_error);
  EXPECT_TRUE(db.link().usable());
}

TEST_F(statements, a_procedures_first_result_comes_and_the_connection_goes_on) {
  const auto t = table_name();
  db.script("create procedure p_" + t + "() begin select 1 union select 2; select 'x', 'y'; end")
      .value();
  for (int i = 0; i < 3; ++i) {
    const auto got = db.query("call p_" + t + "()");
    ASSERT_EQ(got.rows.size(), 2U);
    EXPECT_EQ(as<std::int64_t>(got.rows[1][0]), 2);
    EXPECT_EQ(as<std::int64_t>(db.one("select 3")), 3);
  }
}

TEST_F(statements, a_sink_that_has_enough_leaves_the_connection_usable) {
  collected some;
  some.stop_after = 3;
  const auto done = db.execute("select seq from seq_1_to_1000", {}, &some);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, errc::user_exception);
  EXPECT_TRUE(done.error().connection_usable);
  EXPECT_EQ(as<std::int64_t>(db.one("select 1")), 1);
}

TEST_F(statements, a_table_that_changed_shape_is_read_in_its_new_one) {
  const auto t = table_name();
  db.execute("create table " + t + " (a int)").value();
  db.execute("insert into " + t + " values (1)").value();
  const auto all = "select * from " + t;
  EXPECT_EQ(db.query(all).rows.at(0).size(), 1U);
  db.execute("alter table " + t + " add b text default 'new'").value();
  const auto wider = db.query(all);
  ASSERT_EQ(wider.rows.at(0).size(), 2U);
  EXPECT_EQ(as<std::string>(wider.rows[0][1]), "new");
  EXPECT_EQ(wider.names.at(1).name, "b");
}

TEST_F(statements, a_silent_statement_ends_at_its_deadline_and_on_the_server_too) {
  client other{settings_for(shared_server())};
  const auto session = db.session();
  const auto began = std::chrono::steady_clock::now();
  const auto slept = db.execute("select sleep(30)", {}, nullptr, 200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().code, errc::deadline_exceeded);
  EXPECT_FALSE(slept.error().connection_usable);
  EXPECT_FALSE(db.link().usable());
  const auto sleeping = [&] {
    return as<std::int64_t>(other.one("select count(*) from information_schema.processlist "
                                      "where id = ? and info like 'select sleep%'",
                                      {value{session}}));
  };
  for (int i = 0; i < 100 && sleeping() != 0; ++i) std::this_thread::sleep_for(20ms);
  EXPECT_EQ(sleeping(), 0);
}

/// Rows that are always there make no wait at which a deadline would be looked at.
struct slow_sink final : row_sink {
  void columns(std::span<const column>) override {}
  result<void> row(std::span<value>) override {
    std::this_thread::sleep_for(1ms);
    return {};
  }
};

TEST_F(statements, rows_that_never_end_end_at_their_deadline) {
  const auto all = "select seq from seq_1_to_1000000";
  slow_sink slow;
  const auto began = std::chrono::steady_clock::now();
  const auto read = db.execute(all, {}, &slow, 200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::deadline_exceeded);
  EXPECT_FALSE(db.link().usable());
}

TEST_F(statements, rows_fetched_by_and_by_end_at_their_deadline) {
  statement what;
  what.sql = "select seq from seq_1_to_1000000";
  what.fetch_size = 1'000'000;
  const auto until = db.in(200ms);
  auto rows = run_inline(db.link().open_rows(db.rt(), what, until)).value();
  slow_sink slow;
  const auto began = std::chrono::steady_clock::now();
  const auto read = run_inline(rows->fetch(db.rt(), slow, until));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::deadline_exceeded);
  EXPECT_FALSE(db.link().usable());
}

TEST_F(statements, rows_that_never_end_end_when_they_are_cancelled) {
  std::stop_source stop;
  thread_runtime rt{nullptr, stop.get_token()};
  std::jthread canceller{[&] {
    std::this_thread::sleep_for(200ms);
    stop.request_stop();
  }};
  (void)db.one("select 1");
  statement what;
  what.sql = "select seq from seq_1_to_1000000";
  slow_sink slow;
  const auto began = std::chrono::steady_clock::now();
  const auto read = run_inline(db.link().execute(rt, what, &slow, db.in(20s)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::cancelled);
}

TEST_F(statements, rows_by_and_by_of_what_has_none_are_none) {
  const auto t = table_name();
  db.execute("create table " + t + " (a int)").value();
  statement what;
  const auto insert = "insert into " + t + " values (1)";
  what.sql = insert;
  for (int i = 1; i <= 2; ++i) {
    auto rows = run_inline(db.link().open_rows(db.rt(), what, db.in(5s))).value();
    collected none;
    const auto more = run_inline(rows->fetch(db.rt(), none, db.in(5s)));
    ASSERT_TRUE(more) << to_string(more.error());
    EXPECT_FALSE(*more);
    EXPECT_TRUE(none.rows.empty());
    rows.reset();
    ASSERT_TRUE(db.link().usable());
    EXPECT_EQ(as<std::int64_t>(db.one("select count(*) from " + t)), i);
  }
}

} // namespace
} // namespace holdfast::drivers::mysql::tests
