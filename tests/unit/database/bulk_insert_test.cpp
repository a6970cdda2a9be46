#include "database/bulk_insert.hpp"
#include "unit/database/fake_engine.hpp"

#include <holdfast/database.hpp>

#include <gtest/gtest.h>
#include <ranges>

namespace holdfast::detail {
namespace {

using test::fake_engine;

constexpr std::array<std::string_view, 2> two_columns{"id", "name"};

/// Rows of the given widths, filled with 0, 1, 2 …
class widths final : public row_source {
public:
  explicit widths(std::vector<std::size_t> w) : widths_{std::move(w)} {}
  bool next(std::vector<value>& out) override {
    if (row_ == widths_.size()) return false;
    for (std::size_t i = 0; i < widths_[row_]; ++i) out.push_back(to_parameter(cell_++));
    ++row_;
    return true;
  }

private:
  std::vector<std::size_t> widths_;
  std::size_t row_ = 0;
  int cell_ = 0;
};

template <class Rows>
concept can_be_inserted =
    requires(database db, const Rows& rows) { db.insert_many("t", {"id"}, rows); };
static_assert(can_be_inserted<std::vector<int>>);
static_assert(!can_be_inserted<std::ranges::istream_view<int>>, "its rows can be read only once");

widths rows_of_two(std::size_t n) { return widths{std::vector<std::size_t>(n, 2)}; }

TEST(bulk_insert, one_statement_for_a_few_rows) {
  const fake_engine engine{100};
  bulk_insert plan{engine, "item", two_columns};
  auto rows = rows_of_two(2);
  ASSERT_TRUE(plan.fill(rows).value());
  EXPECT_EQ(plan.text(), R"(INSERT INTO "item" ("id", "name") VALUES ($1, $2), ($3, $4))");
  ASSERT_EQ(plan.parameters().size(), 4U);
  EXPECT_EQ(plan.parameters()[3], value{std::int64_t{3}});
  EXPECT_FALSE(plan.fill(rows).value());
}

TEST(bulk_insert, chunks_hold_as_many_rows_as_the_engine_has_parameters) {
  const fake_engine engine{7}; // three rows of two, one parameter left over
  bulk_insert plan{engine, "item", two_columns};
  auto rows = rows_of_two(7);
  std::vector<std::size_t> sizes;
  std::vector<value> sent;
  while (plan.fill(rows).value()) {
    sizes.push_back(plan.parameters().size());
    sent.insert(sent.end(), plan.parameters().begin(), plan.parameters().end());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{6, 6, 2}));
  EXPECT_TRUE(plan.text().ends_with("VALUES ($1, $2)"));
  ASSERT_EQ(sent.size(), 14U);
  for (std::size_t i = 0; i < sent.size(); ++i)
    EXPECT_EQ(sent[i], value{static_cast<std::int64_t>(i)});
}

TEST(bulk_insert, a_chunk_is_bounded_also_where_the_engine_takes_more) {
  const fake_engine engine{65535};
  bulk_insert plan{engine, "item", two_columns};
  auto rows = rows_of_two(501);
  ASSERT_TRUE(plan.fill(rows).value());
  EXPECT_EQ(plan.parameters().size(), 1000U);
  ASSERT_TRUE(plan.fill(rows).value());
  EXPECT_EQ(plan.parameters().size(), 2U);
  EXPECT_FALSE(plan.fill(rows).value());
}

TEST(bulk_insert, no_rows_no_statement) {
  const fake_engine engine{10};
  bulk_insert plan{engine, "item", two_columns};
  auto none = rows_of_two(0);
  EXPECT_FALSE(plan.fill(none).value());
}

TEST(bulk_insert, names_are_quoted_not_pasted) {
  using drivers::quoted_identifier;
  EXPECT_EQ(quoted_identifier("item", '"'), R"("item")");
  EXPECT_EQ(quoted_identifier("shop.item", '"'), R"("shop"."item")");
  EXPECT_EQ(quoted_identifier("shop.it`em", '`'), "`shop`.`it``em`");
  EXPECT_EQ(quoted_identifier(R"(a"; drop table item; --)", '"'), R"("a""; drop table item; --")");
  const fake_engine engine{10};
  constexpr std::array<std::string_view, 1> hostile{R"(id") values (1); --)"};
  bulk_insert plan{engine, "shop.item", hostile};
  widths rows{{1}};
  ASSERT_TRUE(plan.fill(rows).value());
  EXPECT_EQ(plan.text(), R"(INSERT INTO "shop"."item" ("id"") values (1); --") VALUES ($1))");
}

TEST(bulk_insert, a_row_of_another_width_is_named_by_its_number) {
  const fake_engine engine{4}; // chunks of two: the count goes on across them
  bulk_insert plan{engine, "item", two_columns};
  widths rows{{2, 2, 2, 3}};
  ASSERT_TRUE(plan.fill(rows).value());
  const auto bad = plan.fill(rows);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, errc::parameter_count);
  EXPECT_NE(bad.error().message.find("row 4"), std::string::npos) << bad.error().message;
  EXPECT_NE(bad.error().message.find("3 values for 2 columns"), std::string::npos);
}

TEST(bulk_insert, two_wrong_rows_do_not_make_up_for_each_other) {
  const fake_engine engine{10};
  bulk_insert plan{engine, "item", two_columns};
  widths rows{{1, 3}};
  const auto bad = plan.fill(rows);
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("row 1"), std::string::npos) << bad.error().message;
}

TEST(bulk_insert, what_cannot_be_written_is_a_problem_before_anything_is_sent) {
  const fake_engine engine{2};
  constexpr std::array<std::string_view, 3> three{"a", "b", "c"};
  constexpr std::array<std::string_view, 2> blank{"a", ""};
  const auto code = [&](std::string_view table, std::span<const std::string_view> columns) {
    const auto problem = bulk_insert{engine, table, columns}.problem();
    return problem ? std::optional{problem->code} : std::nullopt;
  };
  EXPECT_EQ(code("", two_columns), errc::invalid_statement);
  EXPECT_EQ(code("item", {}), errc::invalid_statement);
  EXPECT_EQ(code("item", blank), errc::invalid_statement);
  EXPECT_EQ(code("item", three), errc::parameter_count);
  EXPECT_EQ(code("item", two_columns), std::nullopt);
}

TEST(bulk_insert, rows_are_scalars_tuples_or_aggregates) {
  struct item {
    int id;
    std::optional<std::string> name;
  };
  const auto values_of = [](const auto& rows) {
    range_source source{rows};
    std::vector<value> out;
    while (source.next(out)) {
    }
    return out;
  };
  const std::vector<value> wanted{std::int64_t{1}, std::string{"a"}, std::int64_t{2}, null_t{}};
  EXPECT_EQ(values_of(std::vector<item>{{1, "a"}, {2, std::nullopt}}), wanted);
  using pair = std::tuple<int, std::optional<std::string>>;
  EXPECT_EQ(values_of(std::vector<pair>{{1, "a"}, {2, std::nullopt}}), wanted);
  EXPECT_EQ(values_of(std::vector<int>{4}), std::vector<value>{std::int64_t{4}});
}

} // namespace
} // namespace holdfast::detail
