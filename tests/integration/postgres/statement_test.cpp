#include "integration/postgres/fixture.hpp"

#include <limits>

namespace holdfast::drivers::postgres::tests {
namespace {

class postgres_statement : public ::testing::Test {
protected:
  client c{settings_for(shared_server())};
  std::string t = table_name();
};

TEST_F(postgres_statement, counts_and_columns) {
  c.execute("create temp table a(id int primary key, name text)").value();
  const auto inserted = c.execute("insert into a values ($1, $2), (2, null)", {1L, "one"}).value();
  EXPECT_EQ(inserted.rows_affected, 2U);
  const auto rows = c.query("select id, name from a order by id");
  ASSERT_EQ(rows.rows.size(), 2U);
  EXPECT_EQ(rows.names[0].name, "id");
  EXPECT_EQ(rows.names[0].native_type, "int4");
  EXPECT_EQ(rows.rows[0][0], value{std::int64_t{1}});
  EXPECT_EQ(rows.rows[0][1], value{"one"});
  EXPECT_EQ(rows.rows[1][1], value{null_t{}});
  EXPECT_EQ(c.execute("select id from a").value().rows_affected, 0U);
}

TEST_F(postgres_statement, columns_are_told_when_there_are_no_rows) {
  const auto rows = c.query("select 1 as a, 'x'::text as b where false");
  EXPECT_EQ(rows.names.size(), 2U);
  EXPECT_TRUE(rows.rows.empty());
}

TEST_F(postgres_statement, every_type_there_and_back) {
  const uuid id = [] {
    uuid u;
    EXPECT_TRUE(parse("550e8400-e29b-41d4-a716-446655440000", u));
    return u;
  }();
  const std::vector<std::pair<std::string, value>> cases{
      {"bool", true},
      {"int2", std::int64_t{-32768}},
      {"int4", std::int64_t{2147483647}},
      {"int8", std::numeric_limits<std::int64_t>::min()},
      {"float4", 1.5},
      {"float8", 0.1},
      {"text", "grüß \" ' \\"},
      {"varchar", ""},
      {"bytea", bytes{std::byte{0}, std::byte{255}, std::byte{'\\'}}},
      {"bytea", bytes{}},
      {"uuid", id},
      {"date", date{std::chrono::year{2024} / 2 / 29}},
      {"date", date{std::chrono::year{-40} / 3 / 15}},
      {"time", time_of_day{std::chrono::microseconds{86'399'999'999}}},
      {"timestamp", timestamp{std::chrono::microseconds{-1}}},
      {"timestamptz", timestamp{std::chrono::microseconds{1'700'000'000'123'456}}},
      {"numeric", numeric{"-12345678901234567890.00012300"}},
      {"numeric", numeric{"0.0001"}},
      {"numeric", numeric{"100000000"}},
      {"numeric", numeric{"0"}},
      {"numeric", numeric{"0.00"}},
      {"numeric", numeric{"NaN"}},
      {"json", json_text{R"({"a": [1, 2]})"}},
      {"jsonb", json_text{R"({"a": [1, 2]})"}},
      {"int4[]", value_array{std::int64_t{1}, null_t{}, std::int64_t{3}}},
      {"int4[]", value_array{}},
      {"int8[]", value_array{value_array{std::int64_t{1}, std::int64_t{2}},
                             value_array{std::int64_t{3}, std::int64_t{4}}}},
      {"text[]", value_array{"", "a,b", "q\"\\", "NULL", null_t{}}},
      {"numeric[]", value_array{numeric{"1.10"}, null_t{}}},
      {"uuid[]", value_array{id}},
      {"date[]", value_array{date{std::chrono::year{1999} / 12 / 31}}},
      {"timestamptz[]", value_array{timestamp{std::chrono::microseconds{5}}}},
      {"bytea[]", value_array{bytes{std::byte{1}}}},
      {"jsonb[]", value_array{json_text{R"({"a": "b\"c"})"}}},
  };
  for (const auto& [type, v] : cases) {
    EXPECT_EQ(c.one("select $1::" + type, {v}), v) << type;
    // A column of a type without a binary form makes the whole row text.
    EXPECT_EQ(c.one("select $1::" + type + ", interval '1 day'", {v}), v) << type << " as text";
    EXPECT_EQ(c.one("select $1::" + type, {null_t{}}), value{null_t{}}) << type;
  }
}

TEST_F(postgres_statement, texts_go_into_types_that_have_no_value_type) {
  c.execute("create type pg_temp.mood as enum ('sad', 'glad')").value();
  EXPECT_EQ(c.one("select $1::pg_temp.mood", {"glad"}), value{"glad"});
  EXPECT_EQ(c.one("select $1::pg_temp.mood[]", {value{value_array{"glad", "sad"}}}),
            value{"{glad,sad}"});
  EXPECT_EQ(c.one("select $1::interval", {"1 day"}), value{"1 day"});
  EXPECT_EQ(c.one("select $1::inet", {"10.0.0.1"}), value{"10.0.0.1"});
  EXPECT_EQ(c.one("select $1::int4", {" 42 "}), value{std::int64_t{42}});
  EXPECT_EQ(c.one("select $1::date", {"2024-02-29"}),
            value{date{std::chrono::year{2024} / 2 / 29}});
}

TEST_F(postgres_statement, a_parameter_that_does_not_fit_is_told_before_the_send) {
  struct {
    const char* sql;
    std::vector<value> given;
    errc code;
    const char* says;
  } const cases[] = {
      {"select $1::int4, $2::int4", {1L}, errc::parameter_count, "takes 2 parameters, 1"},
      {"select 1", {1L}, errc::parameter_count, "takes 0 parameters, 1"},
      {"select $1::int4, $2::bool",
       {1L, 2L},
       errc::parameter_type,
       "parameter 2 is integer, but the statement takes bool"},
      {"select $1::int2", {40000L}, errc::value_out_of_range, "parameter 1"},
      {"select $1::int4", {"12x"}, errc::parameter_type, "int4"},
      {"select $1::int4", {"99999999999"}, errc::value_out_of_range, "int4"},
      {"select $1::uuid", {"no-uuid"}, errc::parameter_type, "uuid"},
      {"select $1::text", {std::string{"a\0b", 3}}, errc::invalid_data, "NUL"},
  };
  c.begin().value();
  for (const auto& k : cases) {
    const auto r = c.execute(k.sql, k.given);
    ASSERT_FALSE(r) << k.sql;
    EXPECT_EQ(r.error().code, k.code) << k.sql << ": " << r.error().message;
    EXPECT_NE(r.error().message.find(k.says), std::string::npos) << r.error().message;
    EXPECT_TRUE(r.error().connection_usable);
    EXPECT_EQ(r.error().when, phase::not_sent);
    // Nothing reached the server: the block lives.
    EXPECT_EQ(c.link().in_transaction(), transaction_status::open);
  }
  c.commit().value();
}

TEST_F(postgres_statement, infinities_that_do_not_fit_are_errors_and_not_dates) {
  collected rows;
  const auto r = c.execute("select 'infinity'::date as d", {}, &rows);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::invalid_data);
  EXPECT_NE(r.error().message.find("\"d\""), std::string::npos);
  EXPECT_TRUE(c.ping());
}

TEST_F(postgres_statement, several_statements_are_refused_and_a_script_takes_them) {
  const auto r = c.execute("select 1; select 2");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::syntax_error);
  EXPECT_TRUE(r.error().connection_usable);
  c.script("create temp table a(x int); insert into a values (1); select * from a").value();
  EXPECT_EQ(c.one("select count(*) from a"), value{std::int64_t{1}});
  const auto bad = c.script("insert into a values (2); select nothing_such");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, errc::unknown_object);
  EXPECT_EQ(c.one("select count(*) from a"), value{std::int64_t{1}});
}

TEST_F(postgres_statement, copy_is_refused_without_harm) {
  c.execute("create temp table a(x int)").value();
  const auto r = c.execute("copy a from stdin");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::feature_not_supported);
  EXPECT_TRUE(c.ping());
  const auto s = c.script("copy a to stdout");
  ASSERT_FALSE(s);
  EXPECT_FALSE(s.error().connection_usable);
}

TEST_F(postgres_statement, a_schema_change_under_a_prepared_statement_is_survived) {
  client other{settings_for(shared_server())};
  c.script("drop table if exists " + t + "; create table " + t + "(a int)").value();
  const auto select = "select * from " + t;
  EXPECT_EQ(c.query(select).names.size(), 1U);
  other.execute("alter table " + t + " add b text").value();
  EXPECT_EQ(c.query(select).names.size(), 2U); // 0A000, prepared anew
  c.execute("deallocate all").value();
  EXPECT_EQ(c.query(select).names.size(), 2U);
  // Behind our back: 26000.
  c.execute("do $$ begin execute 'deallocate all'; end $$").value();
  EXPECT_EQ(c.query(select).names.size(), 2U);

  c.begin().value();
  other.execute("alter table " + t + " add d text").value();
  const auto inside = c.execute(select);
  ASSERT_FALSE(inside);
  EXPECT_EQ(inside.error().code, errc::stale_statement);
  EXPECT_EQ(inside.error().next, advice::retry_transaction);
  c.rollback().value();
  EXPECT_EQ(c.query(select).names.size(), 3U);
  other.execute("drop table " + t).value();
}

TEST_F(postgres_statement, not_supported_is_no_stale_statement) {
  const auto r = c.execute("select 1 for update of nothing_such");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().next, advice::fix_request);
  EXPECT_TRUE(c.ping());
}

TEST_F(postgres_statement, the_cache_is_bounded_on_the_server_too) {
  auto s = settings_for(shared_server());
  s.engine.statement_cache_size = 3;
  client small{s};
  for (int i = 0; i < 20; ++i) small.one("select " + std::to_string(i));
  const auto n = std::get<std::int64_t>(small.one("select count(*) from pg_prepared_statements"));
  EXPECT_LE(n, 4);
  EXPECT_GE(n, 3);
}

TEST_F(postgres_statement, behind_a_transaction_pooler_nothing_is_named) {
  auto s = settings_for(shared_server());
  s.engine.pooler = pooler_mode::transaction;
  client pooled{s};
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(pooled.one("select $1::int4 + 1", {41L}), value{std::int64_t{42}});
  EXPECT_EQ(pooled.one("select count(*) from pg_prepared_statements where name <> ''"),
            value{std::int64_t{0}});
  EXPECT_TRUE(pooled.reset());
}

// The session may be another one from transaction to transaction: nothing of ours may need it.
TEST_F(postgres_statement, behind_a_transaction_pooler_the_session_is_left_alone) {
  auto s = settings_for(shared_server());
  s.engine.pooler = pooler_mode::transaction;
  client pooled{s};
  EXPECT_NE(pooled.one("select source from pg_settings where name = 'bytea_output'"),
            value{"client"});
  EXPECT_EQ(c.one("select source from pg_settings where name = 'bytea_output'"), value{"client"});
  pooled.script("drop table if exists " + t + "; create table " + t + "(a int)").value();
  pooled.begin().value();
  pooled.execute("insert into " + t + " values ($1)", {1L}).value();
  pooled.commit().value();
  const auto select = "select * from " + t;
  EXPECT_EQ(pooled.query(select).names.size(), 1U);
  client other{settings_for(shared_server())};
  other.execute("alter table " + t + " add b text").value();
  EXPECT_EQ(pooled.query(select).names.size(), 2U); // described or not, sent as text
  pooled.execute("set work_mem = '2MB'").value();
  pooled.begin().value();
  pooled.reset().value();
  EXPECT_EQ(pooled.link().in_transaction(), transaction_status::none);
  EXPECT_FALSE(pooled.link().dirty());
  EXPECT_EQ(pooled.one("show work_mem"), value{"2MB"}); // the pooler's to clean
  other.execute("drop table " + t).value();
}

TEST_F(postgres_statement, a_cache_of_none_names_nothing) {
  auto s = settings_for(shared_server());
  s.engine.statement_cache_size = 0;
  client uncached{s};
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(uncached.one("select $1::int4 + 1", {41L}), value{std::int64_t{42}});
  EXPECT_EQ(uncached.one("select count(*) from pg_prepared_statements where name <> ''"),
            value{std::int64_t{0}});
}

TEST_F(postgres_statement, a_sink_that_has_enough_leaves_the_connection_usable) {
  collected rows;
  rows.stop_after = 2;
  const auto r = c.execute("select generate_series(1, 5000)", {}, &rows);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::user_exception);
  EXPECT_TRUE(r.error().connection_usable);
  EXPECT_EQ(rows.rows.size(), 2U);
  EXPECT_EQ(c.one("select 7"), value{std::int64_t{7}});
}

TEST_F(postgres_statement, a_write_whose_rows_were_refused_is_applied) {
  c.execute("create temp table a(x int)").value();
  collected rows;
  rows.stop_after = 1;
  const auto r = c.execute("insert into a values (1), (2) returning x", {}, &rows);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().effect, side_effect::applied);
  EXPECT_EQ(c.one("select count(*) from a"), value{std::int64_t{2}});
}

TEST_F(postgres_statement, dates_at_the_servers_ends) {
  using namespace std::chrono;
  const date first{year{-4713} / 11 / 24};
  const date last{days{2'145'042'905}}; // 5874897-12-31
  EXPECT_EQ(c.one("select $1::date", {first}), value{first});
  EXPECT_EQ(c.one("select $1::date::text", {first}), value{"4714-11-24 BC"});
  EXPECT_EQ(c.one("select $1::date", {last}), value{last});
  EXPECT_EQ(c.one("select $1::date::text", {last}), value{"5874897-12-31"});
  EXPECT_EQ(c.one("select $1::date, interval '1 day'", {last}), value{last});
  const timestamp start{first};
  EXPECT_EQ(c.one("select $1::timestamptz", {start}), value{start});
  EXPECT_EQ(c.one("select $1::timestamp, interval '1 day'", {start}), value{start});
  EXPECT_EQ(c.one("select $1::timestamptz", {timestamp::max()}), value{timestamp::max()});
  // One step further the server would refuse, and take the block with it: so we do.
  c.begin().value();
  const std::vector<std::pair<std::string, value>> beyond{{"date", first - days{1}},
                                                          {"date", last + days{1}},
                                                          {"timestamp", start - microseconds{1}},
                                                          {"timestamptz", timestamp::min()}};
  for (const auto& [type, v] : beyond) {
    const auto r = c.execute("select $1::" + type, {v});
    ASSERT_FALSE(r) << type;
    EXPECT_EQ(r.error().code, errc::value_out_of_range) << r.error().message;
    EXPECT_EQ(c.link().in_transaction(), transaction_status::open);
  }
  c.commit().value();
}

TEST_F(postgres_statement, doubles_into_numeric) {
  EXPECT_EQ(c.one("select $1::numeric", {0.1}), value{numeric{"0.1"}});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(c.one("select $1::numeric", {nan}), value{numeric{"NaN"}});
  EXPECT_EQ(c.one("select $1::numeric", {-nan}), value{numeric{"NaN"}});
}

TEST_F(postgres_statement, rows_of_sixteen_mebibytes) {
  constexpr std::size_t size = 16U << 20U;
  const std::string text(size, 'x');
  const bytes raw(size, std::byte{0});
  c.execute("create temp table big(t text, b bytea)").value();
  c.execute("insert into big values ($1, $2)", {text, raw}, nullptr, 30s).value();
  collected rows;
  c.execute("select t, b from big", {}, &rows, 30s).value();
  EXPECT_TRUE(rows.rows.at(0).at(0) == value{text});
  EXPECT_TRUE(rows.rows.at(0).at(1) == value{raw});
  // In text form, too, where bytes are twice as long.
  c.execute("select b, interval '1 day' from big", {}, &rows, 30s).value();
  EXPECT_TRUE(rows.rows.at(1).at(0) == value{raw});
}

TEST_F(postgres_statement, hostile_texts) {
  const std::vector<std::string> texts{"\xF0\x9F\xA6\x80 \xF4\x8F\xBF\xBF",
                                       "'; drop table t; --",
                                       "\\",
                                       "$$",
                                       "{NULL}",
                                       std::string(3, '\x01'),
                                       "\xE2\x80\xAE",
                                       "e\xCC\x81"};
  for (const auto& text : texts) {
    EXPECT_EQ(c.one("select $1::text", {text}), value{text});
    EXPECT_EQ(c.one("select $1::text, interval '1 day'", {text}), value{text});
    EXPECT_EQ(c.one("select $1::text[]", {value{value_array{text}}}), (value{value_array{text}}));
  }
  EXPECT_EQ(c.one("select length($1::text)", {"\xF0\x9F\xA6\x80"}), value{std::int64_t{1}});
  // Not UTF-8: the server's to tell, and the connection goes on.
  const auto r = c.execute("select $1::text", {"\xC3("});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::invalid_data);
  EXPECT_TRUE(r.error().connection_usable);
  const auto nul = c.execute(std::string_view{"select 1\0", 9});
  ASSERT_FALSE(nul);
  EXPECT_EQ(nul.error().code, errc::invalid_statement);
  EXPECT_NE(nul.error().message.find("NUL"), std::string::npos);
  EXPECT_EQ(c.one("select '\xF0\x9F\xA6\x80'"), value{"\xF0\x9F\xA6\x80"});
}

TEST_F(postgres_statement, deallocating_one_statement_leaks_none_of_ours) {
  const auto ours = "select count(*) from pg_prepared_statements where name like 'hf_%'";
  for (int i = 0; i < 20; ++i) {
    c.execute("prepare mine as select 1").value();
    c.execute("deallocate mine").value();
  }
  EXPECT_EQ(c.one(ours), value{std::int64_t{3}});
  c.execute("discard all").value();
  EXPECT_EQ(c.one(ours), value{std::int64_t{1}});
}

TEST_F(postgres_statement, constraint_errors_name_the_constraint) {
  c.execute("create temp table a(x int constraint only_one primary key check (x > 0))").value();
  c.execute("insert into a values (1)").value();
  const auto twice = c.execute("insert into a values (1)");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, errc::unique_violation);
  EXPECT_EQ(twice.error().constraint, "only_one");
  EXPECT_EQ(twice.error().effect, side_effect::none);
  EXPECT_EQ(twice.error().when, phase::answered);
  const auto negative = c.execute("insert into a values (-1)");
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().code, errc::check_violation);
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
