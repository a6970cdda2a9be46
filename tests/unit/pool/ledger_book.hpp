// A ledger with a clock, and with what it decided written down as text.
#pragma once

#include "pool/ledger.hpp"

#include <deque>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::detail {

using namespace std::chrono_literals;

/// All that is optional switched off: each test switches on what it is about.
inline pool_options plain(std::uint32_t min_size, std::uint32_t max_size) {
  pool_options o;
  o.min_size = min_size;
  o.max_size = max_size;
  o.idle_timeout.reset();
  o.max_lifetime.reset();
  o.keepalive.reset();
  o.ping_after_idle.reset();
  o.leak_after.reset();
  o.maintenance_interval.reset();
  o.slow_start = false;
  return o;
}

class book {
public:
  explicit book(const pool_options& o, ledger_traits traits = {}) : pool{o, traits} {}

  struct caller {
    explicit caller(acquire_request r) : request{r} { place = std::make_unique<ticket>(request); }
    acquire_request request;
    std::unique_ptr<ticket> place;
  };

  /// Begins an acquire; `name` is how `log` calls it.
  ticket& acquire(const std::string& name, priority p = priority::normal,
                  time_point until = time_point::max()) {
    callers_.emplace_back(acquire_request{.priority = p, .operation = {}});
    caller& c = callers_.back();
    c.place->until = until;
    names_[c.place.get()] = name;
    run([&] { pool.enqueue(*c.place, now, fx_); });
    return *c.place;
  }
  ticket& again(ticket& t) {
    run([&] { pool.enqueue_again(t, now, fx_); });
    return t;
  }
  hold held(const ticket& t) const { return {t.slot, t.serial, pool.at(t.slot).connection}; }
  bool take() {
    static const acquire_request request{};
    bool taken = false;
    run([&] {
      const auto h = pool.try_take(request, now, fx_);
      taken = h.has_value();
      if (h) last_taken = *h;
    });
    return taken;
  }
  bool release(const hold& h, ledger::returned how = ledger::returned::sound) {
    bool ours = false;
    run([&] { ours = pool.release(h, how, now, fx_); });
    return ours;
  }
  void withdraw(ticket& t, refusal why = refusal::timed_out) {
    run([&] { pool.withdraw(t, why, now, fx_); });
  }
  ledger::confirmed confirm(ticket& t) {
    auto how = ledger::confirmed::leased;
    run([&] { how = pool.confirm(t, now, fx_); });
    return how;
  }
  /// Refused by its check, and waiting once more.
  void reject_and_retry(ticket& t) {
    run([&] {
      pool.reject(held(t), now, fx_);
      pool.enqueue_again(t, now, fx_);
    });
  }
  void ready() {
    run([&] { pool.ready(now, fx_); });
  }
  void clear(bool interrupt = false) {
    run([&] { pool.clear(now, interrupt, fx_); });
  }
  void close() {
    run([&] { pool.close(now, fx_); });
  }
  void suspend() {
    run([&] { pool.suspend(fx_); });
  }
  void resume() {
    run([&] { pool.resume(now, fx_); });
  }
  void limit(std::uint32_t n) {
    run([&] { pool.set_lease_limit(n, now, fx_); });
  }
  void retire_all() {
    run([&] { pool.retire_all(now, fx_); });
  }
  void upkeep() {
    run([&] { pool.upkeep(now, fx_); });
  }

  struct started {
    std::uint32_t slot;
    std::uint64_t serial;
  };
  /// Begins the connects that were asked for; those still wanted come back.
  std::vector<started> begin_connects() {
    std::vector<started> begun;
    while (!asked_.empty()) {
      const started s = asked_.front();
      asked_.pop_front();
      std::uint64_t id = 0;
      run([&] { id = pool.begin_connect(s.slot, s.serial, now, fx_); });
      if (id) begun.push_back(s);
    }
    return begun;
  }
  bool connected(started s) {
    bool kept = false;
    run([&] { kept = pool.connected(s.slot, s.serial, now, random, fx_); });
    return kept;
  }
  void failed(started s, bool condemned = false) {
    run([&] { pool.connect_failed(s.slot, s.serial, condemned, now, random, fx_); });
  }
  /// Every connect succeeds until none is asked for.
  void connect_all() {
    for (auto begun = begin_connects(); !begun.empty(); begun = begin_connects())
      for (const started s : begun) connected(s);
  }
  /// A ready pool with `n` idle connections, its log forgotten.
  book& filled(std::uint32_t n) {
    ready();
    std::vector<ticket*> all;
    for (std::uint32_t i = 0; i < n; ++i) all.push_back(&acquire("filler"));
    connect_all();
    for (const ticket* t : all) release(held(*t));
    log();
    return *this;
  }
  bool tended(started s, tending care, bool well) {
    bool known = false;
    run([&] { known = pool.tended(s.slot, s.serial, care, well, now, fx_); });
    return known;
  }
  /// Resets and pings that were asked for since the last call.
  std::vector<started> tends() { return std::exchange(tends_, {}); }

  std::uint32_t asked() const { return static_cast<std::uint32_t>(asked_.size()); }
  pool_snapshot numbers() const { return pool.numbers(now); }

  /// What happened since the last call: events by name with connection and reason, and who was
  /// woken how.
  std::string log() { return std::exchange(log_, {}); }

  ledger pool;
  time_point now{1h};
  std::uint64_t random = 0; // no lifetime jitter; filling pauses half as long
  hold last_taken;

private:
  template <class F>
  void run(F f) {
    f();
    for (const effect& e : fx_.list()) write(e);
    fx_.clear();
    pool.check();
  }
  void write(const effect& e) {
    std::string line;
    switch (e.action) {
    case effect::what::publish:
      line = std::string{to_string(e.event)};
      if (e.connection) line += ' ' + std::to_string(e.connection);
      if (e.reason != event_reason::none) line += ' ' + std::string{to_string(e.reason)};
      break;
    case effect::what::wake:
      line = names_[e.who] + (e.who->at == ticket::phase::granted ? "!" : "?");
      break;
    case effect::what::connect: asked_.push_back({e.slot, e.serial}); return;
    case effect::what::tend:
      tends_.push_back({e.slot, e.serial});
      line = e.care == tending::ping ? "ping" : "reset";
      break;
    case effect::what::close: return;
    case effect::what::interrupt: line = "interrupt"; break;
    }
    log_ += log_.empty() ? line : ", " + line;
  }

  effects fx_;
  std::deque<caller> callers_;
  std::map<const ticket*, std::string> names_;
  std::deque<started> asked_;
  std::vector<started> tends_;
  std::string log_;
};

} // namespace holdfast::detail
