// What every engine's checkup judges alike: name, way, TLS, round trips, clocks, hosts.
#include "drivers/checkup.hpp"

#include <gtest/gtest.h>

namespace holdfast::drivers {
namespace {

using namespace std::chrono_literals;

const database_options standard{};
// 2026-11-21 12:00 UTC
const auto today = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 12h;
const yardstick by{.options = standard, .today = today};

void expect(const finding& f, verdict is, std::string_view found) {
  EXPECT_EQ(f.is, is) << f.check << ": " << f.found;
  EXPECT_NE(f.found.find(found), std::string::npos) << f.check << ": " << f.found;
  EXPECT_EQ(f.fix.empty(), is == verdict::ok) << f.check << ": " << f.fix;
}

TEST(checkup, durations_are_told_with_a_unit_that_fits) {
  EXPECT_EQ(spoken(310us), "0.31 ms");
  EXPECT_EQ(spoken(2500us), "2.5 ms");
  EXPECT_EQ(spoken(12ms), "12 ms");
  EXPECT_EQ(spoken(30s), "30 s");
  EXPECT_EQ(spoken(1500ms), "1.5 s");
  EXPECT_EQ(spoken(30min), "30 min");
  EXPECT_EQ(spoken(7875s), "2.19 h");
  EXPECT_EQ(spoken(24h * 10), "10 days");
}

TEST(checkup, a_name_is_resolved_quickly_or_slowly_or_not) {
  const name_facts well{.name = "db", .addresses = {"10.0.0.7", "::1"}, .took = 2ms};
  expect(judge(well), verdict::ok, "db is 10.0.0.7, ::1, in 2.0 ms");
  name_facts slow = well;
  slow.took = slow_lookup;
  expect(judge(slow), verdict::warning, "in 500 ms");
  name_facts unknown = well;
  unknown.failure = make_error(errc::name_not_resolved, "db: no such name");
  expect(judge(unknown), verdict::error, "name_not_resolved");
}

TEST(checkup, an_address_that_is_silent_is_an_error_only_if_no_other_answers) {
  const way_facts well{.peer = "10.0.0.7:5432", .took = 400us};
  expect(judge(well, true), verdict::ok, "10.0.0.7:5432 answers, in 0.40 ms");
  way_facts silent = well;
  silent.failure = make_error(errc::connect_refused, "10.0.0.7:5432: refused");
  expect(judge(silent, true), verdict::warning, "connect_refused");
  expect(judge(silent, false), verdict::error, "connect_refused");
}

TEST(checkup, encryption) {
  tls_facts f{.version = "TLSv1.3", .mode = tls_mode::verify_full};
  expect(judge(f, by).at(0), verdict::ok, "TLSv1.3, tls.mode = verify_full");
  f.mode = tls_mode::verify_ca;
  expect(judge(f, by).at(0), verdict::warning, "any host of that authority");
  f.mode = tls_mode::require;
  expect(judge(f, by).at(0), verdict::warning, "whoever answers is believed");
  f = {.version = "TLSv1.1", .mode = tls_mode::verify_full};
  expect(judge(f, by).at(0), verdict::warning, "TLSv1.1");
  f = {.to_local_host = true};
  expect(judge(f, by).at(0), verdict::ok, "off");
  f.to_local_host = false;
  expect(judge(f, by).at(0), verdict::warning, "off");
  EXPECT_EQ(judge(f, by).size(), 1U); // and no certificate
}

TEST(checkup, a_certificate_has_thirty_days_or_fewer_or_none) {
  tls_facts f{.version = "TLSv1.3", .mode = tls_mode::verify_full};
  f.valid_until = today + 24h * 30;
  expect(judge(f, by).at(1), verdict::ok, "expires in 30 days, on 2026-12-21");
  f.valid_until = today + 24h * 30 - 1s;
  expect(judge(f, by).at(1), verdict::warning, "expires in 29 days");
  f.valid_until = today + 24h;
  expect(judge(f, by).at(1), verdict::warning, "expires in 1 day, on 2026-11-22");
  f.valid_until = today;
  expect(judge(f, by).at(1), verdict::error, "expired on 2026-11-21");
}

TEST(checkup, round_trips_and_clocks) {
  clock_facts f{.round_trips = {900us, 300us, 500us, 400us, 600us}, .skew = -200ms};
  expect(judge(f).at(0), verdict::ok, "min 0.30 ms, median 0.50 ms of 5");
  expect(judge(f).at(1), verdict::ok, "200 ms behind ours, ± 0.15 ms");
  f.round_trips = {slow_round_trip};
  f.skew = most_skew;
  expect(judge(f).at(0), verdict::warning, "median 50 ms of 1");
  expect(judge(f).at(1), verdict::ok, "1 s ahead of ours");
  f.skew = most_skew + 1ns;
  expect(judge(f).at(1), verdict::warning, "ahead of");
  f.skew = -f.skew;
  expect(judge(f).at(1), verdict::warning, "behind");
}

TEST(checkup, one_host_takes_writes_or_what_is_wanted_cannot_be_had) {
  expect(judge_hosts({true, false, std::nullopt}, by), verdict::ok,
         "1 of 3 take writes, 1 could not be asked");
  expect(judge_hosts({false, std::nullopt}, by), verdict::error, "0 of 2");
  EXPECT_NE(judge_hosts({false, std::nullopt}, by).fix.find("Mend"), std::string::npos);
  EXPECT_NE(judge_hosts({false, false}, by).fix.find("Promote"), std::string::npos);
  expect(judge_hosts({true, true}, by), verdict::error, "2 of 2");
  database_options any;
  any.hosts.target = host_options::wanted::any;
  const yardstick loose{.options = any};
  expect(judge_hosts({true, true}, loose), verdict::ok, "2 of 2");
  expect(judge_hosts({false, std::nullopt}, loose), verdict::ok, "0 of 2");
  expect(judge_hosts({std::nullopt, std::nullopt}, loose), verdict::error, "2 could not be asked");
}

TEST(checkup, what_was_not_tried_says_why) {
  findings rows;
  skip(rows, {"clock", "role"}, "no login");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].check, "role");
  EXPECT_EQ(rows[1].is, verdict::not_tried);
  EXPECT_EQ(rows[1].found, "not tried: no login");
}

} // namespace
} // namespace holdfast::drivers
