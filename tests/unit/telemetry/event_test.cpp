#include "telemetry/trace_half.hpp"
#include "unit/telemetry/support.hpp"

#include <holdfast/trace_id.hpp>

#include <set>

namespace holdfast::test {
namespace {

struct recorder final : observer {
  explicit recorder(event_set wants = event_set::all()) : wanted{wants} {}
  void on_event(const event& e) noexcept override { seen.push_back(e.kind); }
  event_set interests() const noexcept override { return wanted; }
  event_set wanted;
  std::vector<event_kind> seen;
};

TEST(event_names, are_interface) {
  std::string all;
  for (std::size_t i = 0; i < event_kind_count; ++i)
    all += std::string{to_string(static_cast<event_kind>(i))} + "\n";
  for (std::size_t i = 0; i < event_reason_count; ++i)
    all += "reason " + std::string{to_string(static_cast<event_reason>(i))} + "\n";
  expect_golden("event_names.txt", all);
}

TEST(event_names, are_bound_to_their_enumerators) {
  EXPECT_EQ(to_string(event_kind::leak_suspected), "leak_suspected");
  EXPECT_EQ(to_string(event_kind::call_not_permitted), "call_not_permitted");
  EXPECT_EQ(to_string(event_kind::threshold_cleared), "threshold_cleared");
  EXPECT_EQ(to_string(event_reason::none), "none");
  EXPECT_EQ(to_string(event_reason::validation), "validation");
  EXPECT_EQ(to_string(event_reason::connection_error), "connection_error");
  EXPECT_EQ(to_string(event_reason::not_safe), "not_safe");
  EXPECT_EQ(to_string(event_reason::interrupted), "interrupted");
  EXPECT_EQ(to_string(static_cast<event_kind>(200)), "unknown");
}

TEST(event_set, is_a_set) {
  const event_set some{event_kind::acquired, event_kind::threshold_cleared};
  EXPECT_TRUE(some.contains(event_kind::acquired));
  EXPECT_TRUE(some.contains(event_kind::threshold_cleared));
  EXPECT_FALSE(some.contains(event_kind::pool_created));
  EXPECT_EQ((event_set::all() - some) | some, event_set::all());
  EXPECT_TRUE((some - event_set::all()).empty());
  EXPECT_EQ(event_set::from_bits(some.bits()), some);
}

TEST(own, keeps_everything_when_the_views_are_gone) {
  owned_event kept;
  {
    std::string host = "a-host-name-that-is-too-long-for-the-small-string";
    const auto failure = make_error(errc::deadlock, "lost");
    auto e = make_event(event_kind::attempt_failed, 3s);
    e.host = host;
    e.failure = &failure;
    e.attempt = 4;
    kept = own(e);
    host.assign(host.size(), 'x');
  }
  EXPECT_EQ(kept.host, "a-host-name-that-is-too-long-for-the-small-string");
  EXPECT_EQ(kept.failure->code, errc::deadlock);
  EXPECT_EQ(kept.attempt, 4U);
  EXPECT_EQ(kept.at, at(3s));
}

TEST(fan_out, passes_on_in_order_and_only_what_is_wanted) {
  auto all = std::make_shared<recorder>();
  auto few = std::make_shared<recorder>(event_set{event_kind::host_down});
  const auto fan = fan_out({few, nullptr, all});
  fan->on_event(make_event(event_kind::acquired));
  fan->on_event(make_event(event_kind::host_down));
  fan->on_event(make_event(event_kind::threshold_cleared));
  EXPECT_EQ(few->seen, std::vector{event_kind::host_down});
  EXPECT_EQ(all->seen, (std::vector{event_kind::acquired, event_kind::host_down,
                                    event_kind::threshold_cleared}));
  EXPECT_EQ(fan->interests(), event_set::all());
}

TEST(fan_out, of_none_wants_nothing_and_of_one_is_that_one) {
  const auto none = fan_out({nullptr});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->interests().empty());
  none->on_event(make_event(event_kind::acquired));
  const observer_ptr one = std::make_shared<recorder>();
  EXPECT_EQ(fan_out({one}), one);
}

TEST(fan_out, wants_what_any_of_them_wants) {
  const auto fan = fan_out({std::make_shared<recorder>(event_set{event_kind::acquired}),
                            std::make_shared<recorder>(event_set{event_kind::released})});
  EXPECT_EQ(fan->interests(), (event_set{event_kind::acquired, event_kind::released}));
}

TEST(trace_id, is_what_w3c_asks_for) {
  EXPECT_EQ(make_trace_id(0x4bf92f3577b34da6, 0xa3ce929d0e0e4736).view(),
            "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(make_trace_id(0, 0).view(), "00000000000000000000000000000001");
  EXPECT_TRUE(is_trace_id(make_trace_id(1, 0).view()));
  auto id = make_trace_id(0x4bf92f3577b34da6, 1);
  detail::write_lower_half(id, 0xa3ce929d0e0e4736);
  EXPECT_EQ(id.view(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_FALSE(is_trace_id("00000000000000000000000000000000"));
  EXPECT_FALSE(is_trace_id("4BF92F3577B34DA6A3CE929D0E0E4736"));
  EXPECT_FALSE(is_trace_id("4bf92f3577b34da6a3ce929d0e0e473"));
  EXPECT_FALSE(is_trace_id("4bf92f3577b34da6a3ce929d0e0e473g"));
}

} // namespace
} // namespace holdfast::test
