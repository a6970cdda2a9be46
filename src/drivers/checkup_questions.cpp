#include "drivers/checkup_questions.hpp"

#include <algorithm>

namespace holdfast::drivers {

namespace {

constexpr int round_trips = 5;

struct trip {
  duration took{};
  duration skew{};
};

task<result<trip>> measure(runtime& rt, sql_connection& c, std::string_view sql, wall_clock now,
                           deadline until) {
  typed_value<double> told;
  const statement what{sql, {}};
  const time_point began = rt.now();
  const auto before = now();
  auto asked = co_await c.execute(rt, what, &told, until);
  trip t{.took = rt.now() - began};
  if (!asked) co_return std::move(asked.error());
  auto seconds = told.take();
  if (!seconds) co_return std::move(seconds.error());
  const std::chrono::duration<double> there{seconds->value_or(0)};
  const auto here = before.time_since_epoch() + t.took / 2;
  t.skew = std::chrono::duration_cast<duration>(there) - std::chrono::duration_cast<duration>(here);
  co_return t;
}

} // namespace

task<std::optional<error>> ask_clock(runtime& rt, sql_connection& c, std::string_view sql,
                                     wall_clock now, std::optional<clock_facts>& told,
                                     deadline until) {
  clock_facts facts;
  duration least = duration::max();
  for (int i = 0; i <= round_trips; ++i) {
    auto each = co_await measure(rt, c, sql, now, until);
    if (!each) co_return std::move(each.error());
    if (i == 0) continue; // it prepared the statement
    facts.round_trips.push_back(each->took);
    if (each->took < least) facts.skew = each->skew;
    least = std::min(least, each->took);
  }
  told = std::move(facts);
  co_return std::nullopt;
}

task<std::optional<error>> ask_in_turn(const sql_connection& c, std::vector<question>& questions) {
  std::optional<error> first;
  for (question& each : questions) {
    if (!c.usable()) break;
    auto refused = co_await std::move(each);
    if (!first) first = std::move(refused);
  }
  co_return first;
}

} // namespace holdfast::drivers
