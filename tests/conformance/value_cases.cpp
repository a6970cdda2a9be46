// What goes in comes out the same, or is refused with a clear error: never something else.
#include "conformance/suite.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace holdfast::conformance {

namespace {

constexpr std::size_t large = 16UL * 1024 * 1024;

/// A value through a column of this type; true if it came back, false if it was refused.
template <class T, class Same>
bool there_and_back(trial& t, database& db, std::string_view what, const char* type, const T& given,
                    Same&& same) {
  const std::string table = "one" + std::to_string(db.status().operations);
  db.execute(t("create table " + table + " (v " + type + ")"));
  const auto put = db.try_execute(t("insert into " + table + " values (#1)"), given);
  if (!put) {
    const error& e = put.error();
    t.demand(e.kind == category::data || e.kind == category::request, "{} is refused as {}", what,
             to_string(e));
    t.demand(e.effect == side_effect::none && e.connection_usable,
             "{} is refused, and leaves a doubt or a broken connection", what);
    t.demand(db.query_value<std::int64_t>("select count(*) from " + table) == 0,
             "{} is refused, and something is there", what);
    return false;
  }
  const auto back = db.try_query_value<std::decay_t<T>>("select v from " + table);
  if (!back) {
    t.demand(false, "{} was taken and cannot be read back: {}", what, to_string(back.error()));
    return false;
  }
  t.demand(back->has_value() && same(**back, given), "{} came back as something else", what);
  return true;
}

constexpr auto equal = [](const auto& a, const auto& b) { return a == b; };

/// Every engine has to take it.
template <class T>
void demand_kept(trial& t, database& db, std::string_view what, const char* type, const T& given) {
  t.demand(there_and_back(t, db, what, type, given, equal), "{} is refused", what);
}

void types(trial& t) {
  auto db = t.open(one_connection());
  const date day{std::chrono::year{2024} / 2 / 29};
  uuid id;
  (void)parse("550e8400-e29b-41d4-a716-446655440000", id);
  demand_kept(t, db, "true", "boolean", true);
  demand_kept(t, db, "false", "boolean", false);
  demand_kept(t, db, "an integer", "bigint", std::int64_t{-42});
  demand_kept(t, db, "0.1", "{real}", 0.1);
  demand_kept(t, db, "a text", "{text}", std::string{"it's a \"text\" with \\ and %"});
  demand_kept(t, db, "an empty text", "{text}", std::string{});
  demand_kept(t, db, "a uuid", "{uuid}", id);
  demand_kept(t, db, "a leap day", "date", day);
  demand_kept(t, db, "a time", "{time}", time_of_day{23h + 59min + 59s + 999999us});
  demand_kept(t, db, "a moment", "{timestamp}", timestamp{day} + 13h + 59min + 7s + 123456us);
  demand_kept(t, db, "a moment before 1970", "{timestamp}",
              timestamp{date{std::chrono::year{1900} / 1 / 1}} + 1us);
  demand_kept(t, db, "a decimal", "{numeric}", numeric{"12345678901234567890.0123456789"});
  demand_kept(t, db, "a JSON", "{json}", boost::json::value{{"seat", "12A"}, {"paid", true}});
}

void null(trial& t) {
  auto db = t.open(one_connection());
  db.execute(t("create table one (v {text})"));
  db.execute(t("insert into one values (#1)"), std::nullopt);
  const auto kept = db.query<std::optional<std::string>>("select v from one");
  t.demand(kept.size() == 1 && !kept[0], "a NULL came back as something else");
  const auto r = db.try_query<std::string>("select v from one");
  t.demand_error(r, errc::unexpected_null, category::request);
  t.demand(!r && r.error().message.find("\"v\"") != std::string::npos, "the column is not named");
}

void every_byte(trial& t) {
  auto db = t.open(one_connection());
  bytes all(1024);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::byte>(i);
  demand_kept(t, db, "every byte", "{bytes}", all);
  demand_kept(t, db, "no bytes", "{bytes}", bytes{});
}

void nul_in_text(trial& t) {
  auto db = t.open(one_connection());
  const std::string text{"before\0after", 12};
  (void)there_and_back(t, db, "NUL in a text", "{text}", text, equal);
}

void utf8(trial& t) {
  auto db = t.open(one_connection());
  demand_kept(t, db, "four-byte UTF-8", "{text}",
              std::string{"h\xC3\xA4\xC3\x9Flich \xF0\x9F\x9A\x80 \xF4\x8F\xBF\xBF"});
  for (const char* broken : {"\xFF\xFE", "\xF0\x9F\x9A", "\xC0\xAF", "\xED\xA0\x80"})
    (void)there_and_back(t, db, "broken UTF-8", "{text}", std::string{broken}, equal);
}

void sixteen_mebibytes(trial& t) {
  auto db = t.open(one_connection());
  bytes blob(large);
  for (std::size_t i = 0; i < large; ++i) blob[i] = static_cast<std::byte>(i * 31 >> 3U);
  demand_kept(t, db, "16 MiB of bytes", "{bytes}", blob);
  demand_kept(t, db, "16 MiB of text", "{text}", std::string(large, 'x'));
}

void integers(trial& t) {
  auto db = t.open(one_connection());
  using limits = std::numeric_limits<std::int64_t>;
  demand_kept(t, db, "the least integer", "bigint", limits::min());
  demand_kept(t, db, "the greatest integer", "bigint", limits::max());
  // Beyond it: refused on the way in or out, never another number.
  constexpr auto beyond = std::numeric_limits<std::uint64_t>::max();
  db.execute("create table wide (v bigint)");
  if (db.try_execute(t("insert into wide values (#1)"), beyond)) {
    const auto back = db.try_query_value<std::uint64_t>("select v from wide");
    t.demand(!back || *back == beyond, "2^64 - 1 came back as {}", back ? back->value_or(0) : 0);
  }
  db.execute("create table narrow (v bigint)");
  db.execute("insert into narrow values (300)");
  t.demand_error(db.try_query_value<std::uint8_t>("select v from narrow"), errc::value_out_of_range,
                 category::data);
  const auto r = db.try_query_value<std::uint64_t>("select v - 301 from narrow");
  t.demand_error(r, errc::value_out_of_range, category::data);
}

bool same_real(double a, double b) {
  return std::isnan(b) ? std::isnan(a) : a == b && std::signbit(a) == std::signbit(b);
}

void reals(trial& t) {
  auto db = t.open(one_connection());
  using limits = std::numeric_limits<double>;
  for (const double v : {limits::max(), limits::lowest(), limits::min(), 1.0 / 3, 5e300, -1e-300})
    t.demand(there_and_back(t, db, fmt::format("{}", v), "{real}", v, same_real), "{} is refused",
             v);
  (void)there_and_back(t, db, "a denormal", "{real}", limits::denorm_min(), same_real);
  (void)there_and_back(t, db, "-0", "{real}", -0.0, [](double a, double b) { return a == b; });
}

/// Where the engine has them they come back, else they are refused: never NULL, never a number.
void not_numbers(trial& t) {
  auto db = t.open(one_connection());
  using limits = std::numeric_limits<double>;
  for (const double v : {limits::quiet_NaN(), limits::infinity(), -limits::infinity()})
    (void)there_and_back(t, db, fmt::format("{}", v), "{real}", v, same_real);
}

void dates(trial& t) {
  auto db = t.open(one_connection());
  using namespace std::chrono;
  for (const auto& day : {year{1} / 1 / 1, year{1582} / 10 / 15, year{9999} / 12 / 31,
                          year{-44} / 3 / 15, year{20000} / 1 / 1}) {
    const auto what = fmt::format("the year {}", static_cast<int>(day.year()));
    (void)there_and_back(t, db, what, "date", date{day}, equal);
    (void)there_and_back(t, db, what, "{timestamp}", timestamp{date{day}} + 1us, equal);
  }
}

void not_code(trial& t) {
  auto db = t.open(one_connection());
  for (const char* text : {"'; drop table one; --", "\\'; drop table one; --", "$1", "?1", "?",
                           "%s", "/*", "\xE2\x80\x99; drop table one; --"})
    demand_kept(t, db, "a text that looks like SQL", "{text}", std::string{text});
}

constexpr std::array table{
    test_case{"value_types", types},
    test_case{"value_null", null},
    test_case{"value_every_byte", every_byte},
    test_case{"value_nul_in_text", nul_in_text},
    test_case{"value_utf8", utf8},
    test_case{"value_16_mib", sixteen_mebibytes},
    test_case{"value_integer_extremes", integers},
    test_case{"value_real_extremes", reals},
    test_case{"value_nan_and_infinity", not_numbers},
    test_case{"value_date_extremes", dates},
    test_case{"value_is_never_code", not_code},
};

} // namespace

std::span<const test_case> value_cases() noexcept { return table; }

} // namespace holdfast::conformance
