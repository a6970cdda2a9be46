// The proxy's verbs over real sockets, as both neighbours see them.
#include "integration/chaos/echo.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/fault_proxy.hpp>

#include <memory>

namespace holdfast::test {
namespace {

using steady = std::chrono::steady_clock;

struct chaos_proxy : ::testing::Test {
  echo_server server;
  fault_proxy proxy{{.to = {"127.0.0.1", server.port()}}};

  static bool soon(const auto& holds) {
    for (int i = 0; i < 400; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  /// A connection that has shown that it works.
  struct open_client : tcp_client {
    explicit open_client(std::uint16_t port) : tcp_client{port} {
      say("hello");
      EXPECT_EQ(hear(5), heard::bytes);
    }
  };
  void expect_recovered() {
    tcp_client c{proxy.port()};
    c.say("again");
    EXPECT_EQ(c.hear(5), heard::bytes);
    EXPECT_EQ(c.text, "again");
  }
};

TEST_F(chaos_proxy, carries_both_ways_and_each_end_by_itself) {
  tcp_client c{proxy.port()};
  std::string much(3'000'000, 'x');
  for (std::size_t i = 0; i < much.size(); i += 7) much[i] = static_cast<char>(i);
  std::thread talker{[&] {
    c.say(much);
    c.finish();
  }};
  EXPECT_EQ(c.hear(much.size()), heard::bytes);
  talker.join();
  EXPECT_EQ(c.text, much);
  EXPECT_EQ(c.hear(1), heard::end);
  EXPECT_EQ(server.ended, 1);
  EXPECT_TRUE(soon([&] { return proxy.status().open == 0; }));
  EXPECT_EQ(proxy.status().bytes_to_server, much.size());
  EXPECT_EQ(proxy.status().bytes_to_client, much.size());
  EXPECT_TRUE(proxy.records().empty());
}

TEST_F(chaos_proxy, resets_after_so_many_bytes_and_says_so) {
  proxy.add({.verb = fault_verb::reset, .direction = fault_direction::to_server, .after = 7});
  tcp_client c{proxy.port()};
  c.say("hello");
  EXPECT_EQ(c.hear(5), heard::bytes);
  c.say("hello");
  EXPECT_EQ(c.hear(5), heard::reset);
  EXPECT_TRUE(soon([&] { return server.broken == 1; }));
  const auto done = proxy.records();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(to_string(done[0]), "connection 1: reset (rule 1) to_server after byte 7");
  EXPECT_EQ(proxy.status().bytes_to_server, 7U);
  proxy.heal();
  expect_recovered();
}

TEST_F(chaos_proxy, refuses_while_the_rule_is_there_and_keeps_its_port) {
  open_client old{proxy.port()};
  for (int i = 0; i < 20; ++i) {
    const auto rule = proxy.add({.verb = fault_verb::refuse});
    EXPECT_FALSE(proxy.status().listening);
    EXPECT_EQ(tcp_client{proxy.port()}.connect_error(), ECONNREFUSED);
    EXPECT_TRUE(proxy.remove(rule));
    EXPECT_FALSE(proxy.remove(rule));
    expect_recovered();
  }
  old.say("still");
  EXPECT_EQ(old.hear(5), heard::bytes);
}

TEST_F(chaos_proxy, stop_is_a_dead_server_and_heal_a_new_one) {
  open_client c{proxy.port()};
  proxy.stop();
  EXPECT_EQ(c.hear(1), heard::reset);
  EXPECT_EQ(tcp_client{proxy.port()}.connect_error(), ECONNREFUSED);
  proxy.heal();
  expect_recovered();
}

TEST_F(chaos_proxy, a_black_hole_accepts_and_is_silent_until_it_is_healed) {
  open_client old{proxy.port()};
  proxy.add({.verb = fault_verb::black_hole});
  tcp_client fresh{proxy.port()};
  EXPECT_EQ(fresh.connect_error(), 0);
  for (tcp_client* c : {static_cast<tcp_client*>(&old), &fresh}) {
    c->say("hello");
    EXPECT_EQ(c->hear(1, 50ms), heard::silence);
  }
  EXPECT_EQ(server.accepted, 1); // nobody was connected for the fresh one
  proxy.heal();
  EXPECT_EQ(old.hear(5), heard::bytes);
  EXPECT_EQ(fresh.hear(5), heard::bytes);
}

TEST_F(chaos_proxy, a_black_hole_may_begin_in_the_middle_of_a_reply) {
  proxy.add({.verb = fault_verb::black_hole, .direction = fault_direction::to_client, .after = 3});
  tcp_client c{proxy.port()};
  c.say("hello");
  EXPECT_EQ(c.hear(5, 50ms), heard::silence);
  EXPECT_EQ(c.text, "hel");
  proxy.heal();
  EXPECT_EQ(c.hear(2), heard::bytes);
  EXPECT_EQ(c.text, "lo");
}

TEST_F(chaos_proxy, delays) {
  open_client c{proxy.port()};
  proxy.add({.verb = fault_verb::delay, .direction = fault_direction::to_client, .time = 80ms});
  const auto began = steady::now();
  c.say("hello");
  EXPECT_EQ(c.hear(5), heard::bytes);
  EXPECT_GE(steady::now() - began, 80ms);
  EXPECT_LT(steady::now() - began, 1s);
}

TEST_F(chaos_proxy, what_a_long_delay_holds_is_delivered_by_healing) {
  open_client c{proxy.port()};
  proxy.add("delay time=1h direction=to_client");
  c.say("hello");
  EXPECT_EQ(c.hear(5, 30ms), heard::silence);
  const auto began = steady::now();
  proxy.heal();
  EXPECT_EQ(c.hear(5), heard::bytes);
  EXPECT_LT(steady::now() - began, 1s);
}

TEST_F(chaos_proxy, keeps_to_a_bandwidth) {
  open_client c{proxy.port()};
  proxy.add("bandwidth rate=100000B direction=to_client");
  const auto began = steady::now();
  c.say(std::string(20000, 'x'));
  EXPECT_EQ(c.hear(20000), heard::bytes);
  const auto took = steady::now() - began;
  EXPECT_GE(took, 190ms);
  EXPECT_LT(took, 1500ms);
}

TEST_F(chaos_proxy, slices) {
  open_client c{proxy.port()};
  proxy.add("slice size=1B time=2ms direction=to_client");
  c.say("0123456789");
  EXPECT_EQ(c.hear(10), heard::bytes);
  EXPECT_EQ(c.text, "0123456789");
  EXPECT_GE(c.reads, 5);
}

TEST_F(chaos_proxy, truncates_in_good_order) {
  proxy.add("truncate after=3B direction=to_client");
  tcp_client c{proxy.port()};
  c.say("hello");
  EXPECT_EQ(c.hear(5), heard::end);
  EXPECT_EQ(c.text, "hel");
  EXPECT_TRUE(soon([&] { return proxy.status().open == 0; }));
}

TEST_F(chaos_proxy, closes_one_half) {
  open_client c{proxy.port()};
  proxy.add("half_close direction=to_server");
  EXPECT_TRUE(soon([&] { return server.ended == 1; }));
  EXPECT_EQ(c.hear(1), heard::end); // the server answers in kind
  c.say("dropped");
}

TEST_F(chaos_proxy, resets_all_that_are_open_and_some_that_come) {
  open_client a{proxy.port()};
  open_client b{proxy.port()};
  proxy.add({.verb = fault_verb::reset, .times = 3});
  EXPECT_EQ(a.hear(1), heard::reset);
  EXPECT_EQ(b.hear(1), heard::reset);
  tcp_client third{proxy.port()};
  EXPECT_EQ(third.hear(1), heard::reset);
  expect_recovered();
  EXPECT_EQ(proxy.records().size(), 3U);
}

TEST_F(chaos_proxy, a_pattern_is_cut_behind) {
  open_client c{proxy.port()};
  proxy.add(R"(reset pattern="now!" direction=to_client)");
  c.say("not yet, now! never");
  EXPECT_EQ(c.hear(100), heard::reset);
  EXPECT_EQ(c.text, "not yet, now!");
}

TEST_F(chaos_proxy, a_server_that_is_gone_is_a_reset) {
  fault_proxy nowhere{{.to = {"127.0.0.1", 1}}};
  tcp_client c{nowhere.port()};
  EXPECT_EQ(c.connect_error(), 0);
  EXPECT_EQ(c.hear(1), heard::reset);
}

TEST_F(chaos_proxy, its_end_resets_its_connections) {
  auto own = std::make_unique<fault_proxy>(fault_proxy_options{.to = {"127.0.0.1", server.port()}});
  open_client c{own->port()};
  own->add("black_hole");
  own.reset();
  EXPECT_EQ(c.hear(1), heard::reset);
}

TEST_F(chaos_proxy, rules_change_under_traffic) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> callers;
  callers.reserve(8);
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      while (!stop) {
        tcp_client c{proxy.port()};
        for (int n = 0; n < 20 && !stop; ++n) {
          c.say("0123456789");
          if (c.hear(10, 20ms) != heard::bytes) break;
          ASSERT_EQ(c.text, "0123456789");
        }
      }
    });
  for (int round = 0; round < 30; ++round) {
    for (const char* rule :
         {"reset probability=0.2 after=35B", "delay time=2ms jitter=2ms", "slice size=3B",
          "black_hole at=pattern pattern=56 probability=0.1",
          "half_close probability=0.05 after=12B", "refuse", "truncate after=99B"})
      proxy.add(rule);
    std::this_thread::sleep_for(5ms);
    if (round % 3 == 0) proxy.stop();
    proxy.heal();
  }
  stop = true;
  for (auto& t : callers) t.join();
  expect_recovered();
  EXPECT_TRUE(soon([&] { return proxy.status().open == 0; })) << proxy.status().open;
}

TEST_F(chaos_proxy, bad_options_are_refused) {
  const auto message = [](fault_proxy_options o) -> std::string {
    try {
      const fault_proxy made{std::move(o)};
    } catch (const database_error& e) {
      EXPECT_EQ(e.kind(), category::configuration);
      return e.what();
    }
    return "no error";
  };
  const auto has = [&](const fault_proxy_options& o, const char* words) {
    const auto text = message(o);
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  has({.listen = {"127.0.0.1", server.port()}, .to = {"127.0.0.1", 1}}, "Address already in use");
  has({.listen = {"127.0.0.1", 9}, .to = {"127.0.0.1", 9}}, "is where the proxy itself listens");
  has({.listen = {"0.0.0.0", 9}, .to = {"127.0.0.1", 9}}, "is where the proxy itself listens");
  has({.to = {"127.0.0.1", std::nullopt}}, "takes a host and its port");
  has({.to = {"no.such.host.invalid", 5432}}, "cannot be resolved");
  has({.listen = {"192.0.2.1", 0}, .to = {"127.0.0.1", 1}}, "listen: 192.0.2.1:0");
  EXPECT_THROW(proxy.add({.verb = fault_verb::delay}), database_error);
  EXPECT_THROW(proxy.add("resett"), database_error);
}

TEST_F(chaos_proxy, takes_orders_by_the_line_from_code_and_from_a_port) {
  EXPECT_EQ(proxy.command("reset at=end times=2"), "ok 1");
  EXPECT_EQ(proxy.command("rules"), "1 reset at=end times=2\nok");
  EXPECT_EQ(proxy.command("remove 1"), "ok");
  EXPECT_EQ(proxy.command("remove 1"), "error: there is no rule 1");
  EXPECT_EQ(proxy.command("remove x"), "error: remove: given x; takes a rule's number");
  EXPECT_EQ(proxy.command("heel"),
            "error: there is no command 'heel'; did you mean heal?; `help` lists them");
  EXPECT_EQ(proxy.command("heal now"), "error: heal stands alone");
  EXPECT_EQ(proxy.command("delay"), "error: delay needs time=DURATION");
  EXPECT_EQ(proxy.command(""), "ok");

  tcp_client c{proxy.open_control({"127.0.0.1", 0})};
  c.say("reset after=3B direction=to_server\r\nstat");
  EXPECT_EQ(c.hear(5), heard::bytes);
  EXPECT_EQ(c.text, "ok 2\n");
  c.say("us\nrecords\n");
  EXPECT_EQ(c.hear(65), heard::bytes);
  EXPECT_EQ(c.text,
            "listening yes\naccepted 0\nopen 0\nbytes_to_server 0\nbytes_to_client 0\nok\nok\n")
      << c.text.size();
  c.say(std::string(5000, 'x'));
  EXPECT_EQ(c.hear(28), heard::bytes);
  EXPECT_EQ(c.text, "error: the line is too long\n");
}

} // namespace
} // namespace holdfast::test
