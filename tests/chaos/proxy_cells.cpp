#include "chaos/proxy_cells.hpp"

#include "chaos/play.hpp"
#include "chaos/server_ground.hpp"

#include <holdfast/fault_proxy.hpp>
#include <holdfast/full_backlog.hpp>

#include <atomic>
#include <optional>
#include <utility>
#include <vector>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;
using rule_texts = std::vector<const char*>;

/// A plan whose callers enter by a proxy.
class proxied {
public:
  explicit proxied(trial& t)
      : t_{t}, proxy_{{.to = {"127.0.0.1", t.at.port()},
                       .seed = t.seed,
                       .protocol = on_server(t).protocol(),
                       .on_fault = [this](const fault_record&) { ++faults_; }}} {
    todo.port = proxy_.port();
    todo.options = brisk();
    todo.load = callers(t);
    todo.heal = [this] {
      proxy_.heal();
      return clock::now();
    };
  }

  /// In force from the fault's beginning to its end.
  void rules(rule_texts texts) {
    todo.harm = [this, texts = std::move(texts)] {
      for (const char* text : texts) proxy_.add(text);
    };
  }
  /// Drawn anew every 50 ms, for connections that are there.
  void again(const char* rule) {
    todo.nudge = [this, rule] { proxy_.remove(proxy_.add(rule)); };
  }
  /// What the proxy did is demanded to be something.
  void play() {
    matrix::play(t_, todo);
    t_.out.figure("{} faults", faults_.load());
    t_.out.demand(faults_ > 0, "the proxy did nothing");
  }

  plan todo;

private:
  trial& t_;
  std::atomic<std::uint64_t> faults_{0};
  fault_proxy proxy_;
};

void play_rules(trial& t, rule_texts texts, std::vector<errc> expected) {
  proxied p{t};
  p.rules(std::move(texts));
  p.todo.expected = std::move(expected);
  p.play();
}

} // namespace

void refused(trial& t) {
  proxied p{t};
  p.rules({"refuse", "reset"});
  p.todo.outage = true;
  p.todo.expected = {errc::connect_refused};
  p.play();
}

/// The proxy's port is taken over by a listener with a full backlog, and back.
void syn_black_hole(trial& t) {
  const fault_proxy_options to{.to = {"127.0.0.1", t.at.port()}, .seed = t.seed};
  std::optional<fault_proxy> proxy{std::in_place, to};
  std::optional<full_backlog> hole;
  plan p{.port = proxy->port(),
         .outage = true,
         .expected = {errc::connect_timeout},
         .options = brisk(),
         .load = callers(t)};
  // A SYN that was dropped is sent again a second later: whoever waits for it does not see the
  // server before its connect has timed out.
  p.options.pool.connect_timeout = 100ms;
  p.harm = [&] {
    proxy.reset();
    hole.emplace(p.port);
  };
  p.heal = [&] {
    hole.reset();
    auto again = to;
    again.listen.port = p.port;
    proxy.emplace(again);
    return clock::now();
  };
  play(t, p);
}

void reset_before_send(trial& t) {
  proxied p{t};
  p.again("reset direction=to_server probability=0.3");
  p.play();
}

void reset_mid_query(trial& t) {
  play_rules(t,
             {"reset direction=to_server after=1500B probability=0.7",
              "reset direction=to_client after=2400B probability=0.7"},
             {errc::connection_lost});
}

void black_hole_mid_reply(trial& t) {
  play_rules(t, {"black_hole direction=to_client after=2400B probability=0.5"},
             {errc::deadline_exceeded});
}

void half_close(trial& t) {
  play_rules(t,
             {"half_close direction=to_server after=1500B probability=0.5",
              "half_close direction=to_client after=2400B probability=0.5"},
             {errc::connection_lost});
}

void slow(trial& t) { play_rules(t, {"delay time=10ms jitter=8ms", "bandwidth rate=64KiB"}, {}); }

void byte_sliced(trial& t) { play_rules(t, {"slice size=1B time=50us"}, {}); }

/// The server ends sessions, and the end of each arrives late.
void slow_close(trial& t) {
  proxied p{t};
  p.rules({"delay at=end time=200ms"});
  p.todo.nudge = [&t] { on_server(t).end_a_session(); };
  p.play();
}

void truncated_reply(trial& t) {
  play_rules(t,
             {"truncate direction=to_client after=2400B probability=0.7",
              "truncate at=in_row row=1 probability=0.05"},
             {errc::connection_lost});
}

/// A caller who waits for the rest of a huge row is not back before its deadline.
void corrupt_frame(trial& t) {
  breaker_options spared;
  spared.open_for = 100ms;
  spared.max_open_for = 200ms;
  proxied p{t};
  const dialect& words = t.at.words();
  p.rules({words.corruptions.begin(), words.corruptions.end()});
  p.todo.load.deadline = 200ms;
  p.todo.recovers_within =
      1s + spared.max_open_for; // where so much is harmed that the breaker opens
  p.todo.options.breaker = spared;
  p.todo.expected = {words.corrupted.begin(), words.corrupted.end()};
  p.play();
}

/// Reads are given up while they run, and the request to cancel them arrives late.
void stale_bytes_after_cancel(trial& t) {
  proxied p{t};
  p.rules({"delay at=cancel time=25ms"});
  p.todo.load.given_up_reads = true;
  p.todo.forbidden = {errc::connection_lost, errc::protocol_violation, errc::statement_timeout,
                      errc::cancelled};
  p.todo.expected = {errc::deadline_exceeded};
  p.play();
}

} // namespace holdfast::matrix
