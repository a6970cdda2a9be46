#include "unit/pool/ledger_book.hpp"

#include <holdfast/metrics.hpp>

#include <utility>
#include <vector>

namespace holdfast::detail {
namespace {

using use = std::pair<event_kind, duration>;

class use_counts final : public host_metrics {
public:
  void on_event(const event&) noexcept override {}
  [[nodiscard]] event_set interests() const noexcept override { return {}; }
  void count(event_kind kind, duration elapsed) noexcept override {
    seen.emplace_back(kind, elapsed);
  }
  void read_pool_with(std::function<std::optional<gauge_readings>()>) override {}
  void read_budget_with(std::function<std::optional<double>()>) override {}
  std::vector<use> seen;
};

TEST(effects, uses_are_counted_though_no_event_is_wanted) {
  use_counts counts;
  effects fx{event_set{}, &counts};
  const time_point start{1h};
  const acquire_request request{};
  ledger pool{plain(1, 1), {}};
  pool.ready(start, fx);
  const effect opening = fx.list().front();
  ASSERT_NE(pool.begin_connect(opening.slot, opening.serial, start, fx), 0U);
  ASSERT_TRUE(pool.connected(opening.slot, opening.serial, start, 0, fx));
  fx.clear();

  const auto first = pool.try_take(request, start, fx);
  ASSERT_TRUE(first);
  ticket waits{request};
  pool.enqueue(waits, start + 1ms, fx);
  ASSERT_TRUE(pool.release(*first, ledger::returned::sound, start + 5ms, fx));

  EXPECT_EQ(counts.seen, (std::vector<use>{{event_kind::acquired, 0ms},
                                           {event_kind::released, 5ms},
                                           {event_kind::acquired, 4ms}}));
  ASSERT_EQ(fx.list().size(), 1U);
  EXPECT_EQ(fx.list().front().action, effect::what::wake);
}

TEST(effects, nothing_wanted_nothing_written) {
  effects fx{event_set{}};
  const acquire_request request{};
  ledger pool{plain(0, 1), {}};
  pool.ready(time_point{1h}, fx);
  ticket t{request};
  pool.enqueue(t, time_point{1h}, fx);
  ASSERT_EQ(fx.list().size(), 1U);
  EXPECT_EQ(fx.list().front().action, effect::what::connect);
}

} // namespace
} // namespace holdfast::detail
