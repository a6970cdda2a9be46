#include "chaos/play.hpp"

#include "chaos/books.hpp"
#include "chaos/watches.hpp"
#include "sanitized.hpp"

#include <holdfast/circuit_breaker.hpp>

#include <algorithm>
#include <limits>
#include <mutex>
#include <ranges>
#include <set>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

constexpr duration overrun_allowed = testing::sanitized ? 500ms : 50ms;
constexpr duration recovery_allowed = testing::sanitized ? 1000ms : 250ms;
constexpr auto call_deadline = 400ms;
constexpr auto between_nudges = 50ms;
constexpr auto settling =
    testing::sanitized ? 500ms : 100ms; // calls that were under way when the fault began
constexpr auto healthy_after = 150ms;
/// A request to cancel gives up by itself, later than the caller who wanted it.
constexpr auto longest_cancel = 5s;
constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

double in_ms(duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

/// What the database itself told of failures. Threads: any.
class failure_log {
public:
  void note(const owned_event& e) {
    const std::lock_guard lock{mutex_};
    if (e.failure && ++seen_[e.failure->code] == 1 && !e.failure->native_message.empty())
      words_ += fmt::format("; {}: {} {}", to_string(e.failure->code), e.failure->native_code,
                            e.failure->native_message);
    const bool attempted = e.failure && e.failure->when != phase::not_sent;
    if (attempted && e.kind == event_kind::attempt_failed) ++attempts_[e.failure->code];
    if (e.kind == event_kind::connection_ready) ++connections_;
    const place here{e.host, e.connection};
    if (e.kind == event_kind::connection_ready) open_.insert(here);
    if (e.kind == event_kind::connection_closed) open_.erase(here);
    if (e.kind == event_kind::pool_cleared) doom(e.host);
    if (e.kind == event_kind::breaker_opened) ++opened_;
  }
  [[nodiscard]] std::uint64_t of(errc code) const {
    const std::lock_guard lock{mutex_};
    const auto at = seen_.find(code);
    return at == seen_.end() ? 0 : at->second;
  }
  /// More often than there were connections?
  [[nodiscard]] bool met_again(errc code) const {
    const std::lock_guard lock{mutex_};
    const auto at = attempts_.find(code);
    return at != attempts_.end() && at->second > connections_;
  }
  /// Connections from before their pool was cleared last, and still open.
  [[nodiscard]] std::size_t survivors() const {
    const std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(
        std::ranges::count_if(doomed_, [&](const place& c) { return open_.contains(c); }));
  }
  [[nodiscard]] std::uint64_t opened() const {
    const std::lock_guard lock{mutex_};
    return opened_;
  }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock{mutex_};
    std::string all;
    for (const auto& [code, count] : seen_) all += fmt::format(" {} {}", to_string(code), count);
    return all.empty() ? " none" : all;
  }
  /// What the server said when each was seen first.
  [[nodiscard]] std::string words() const {
    const std::lock_guard lock{mutex_};
    return words_;
  }

private:
  using place = std::pair<std::string, std::uint64_t>; // a host, and a connection of its pool

  void doom(const std::string& host) {
    std::erase_if(doomed_, [&](const place& c) { return c.first == host; });
    for (const place& c : open_)
      if (c.first == host) doomed_.insert(c);
  }

  mutable std::mutex mutex_; // guards the rest
  std::map<errc, std::uint64_t> seen_;
  std::string words_;
  std::map<errc, std::uint64_t> attempts_; // by what they failed with
  std::uint64_t connections_ = 0;          // that ever were
  std::set<place> open_;                   // connections
  std::set<place> doomed_;                 // open when their pool was cleared last
  std::uint64_t opened_ = 0;
};

/// One play of a plan.
class stage {
public:
  stage(trial& t, const plan& p) : t_{t}, plan_{p} {}

  void run() {
    t_.at.make_tables();
    plan_.furnish();
    const resources before = baseline();
    auto seen = std::make_shared<failure_log>();
    {
      auto db = t_.at.connect(url(), plan_.options);
      db.on_event([seen](const owned_event& e) { seen->note(e); });
      workload load{db, plan_.load, t_.at.words()};
      t_.out.demand(load.wait_acknowledged(plan_.healthy_writes, 5s),
                    "no healthy traffic to begin with");
      suffer(load, db);
      recover(load, db);
      plan_.afterwards();
      load.stop();
      judge_generations(*seen);
      judge_books(check_books(db, t_.at, load.ledgers()), *seen);
      t_.out.demand(db.close(2s), "connections are still out");
    }
    judge_resources(before);
    t_.out.figure("stall {:.0f} ms", in_ms(stalls_.worst()));
    if (!t_.out.ok()) t_.out.figure("the server's words{}", seen->words());
  }

private:
  [[nodiscard]] std::string url() const {
    return plan_.url.empty() ? t_.at.url(plan_.port) : plan_.url;
  }

  /// After a first visit, because a proxy's listener is registered when it first waits.
  resources baseline() {
    (void)t_.at.connect(url(), plan_.options).close(1s);
    resources least = resources::now();
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(5ms);
      if (const auto now = resources::now(); now.within(least)) least = now;
    }
    return least;
  }

  void suffer(workload& load, database& db) {
    plan_.harm();
    std::this_thread::sleep_for(settling);
    const time_point end =
        clock::now() + std::max(plan_.lasts, duration{t_.brief ? 600ms : 2000ms});
    const auto acknowledged = load.acknowledged();
    const auto status = db.status();
    while (clock::now() < end) {
      plan_.nudge();
      std::this_thread::sleep_for(between_nudges);
    }
    const auto through = load.acknowledged() - acknowledged;
    const auto later = db.status();
    t_.out.figure("{} writes meanwhile", through);
    if (!plan_.outage) return;
    t_.out.demand(through == 0, "{} writes ended well in what was to be an outage", through);
    const auto calls = later.operations - status.operations +
                       static_cast<std::uint64_t>(plan_.load.callers); // those under way
    const auto attempts = later.attempts - status.attempts;
    t_.out.demand(static_cast<double>(attempts) <= 1.1 * static_cast<double>(calls) + 10,
                  "{} attempts for {} calls in an outage", attempts, calls);
  }

  void recover(workload& load, database& db) {
    load.watch();
    const time_point accepts = plan_.heal();
    const auto first = load.first_success(10s);
    if (!first) return t_.out.demand(false, "no write ended well within 10 s of the fault's end");
    const duration took = std::max(duration{}, *first - accepts);
    t_.out.figure("recovered in {:.0f} ms", in_ms(took));
    const duration allowed =
        std::max(recovery_allowed, plan_.recovers_within) +
        (plan_.breaker_opens ? plan_.options.breaker.max_open_for * 5 / 4 : duration{});
    t_.out.demand(took <= allowed + stalls_.worst(),
                  "recovery took {:.0f} ms of {:.0f} allowed, stalls of {:.0f} ms", in_ms(took),
                  in_ms(allowed), in_ms(stalls_.worst()));
    std::this_thread::sleep_for(healthy_after);
    judge_breakers(db);
  }

  /// A probe that began before the fault's end may fail after the first success: then the breaker
  /// is open once more, and callers are what closes it.
  void judge_breakers(database& db) {
    const auto open = [&] {
      return std::ranges::count_if(db.status().hosts, [](const host_status& h) {
        return h.up && h.breaker == breaker_state::open;
      });
    };
    const duration longest = plan_.options.breaker.max_open_for * 5 / 4; // with its jitter
    const time_point end =
        clock::now() + (plan_.breaker_opens ? longest + recovery_allowed : duration{});
    while (open() > 0 && clock::now() < end) std::this_thread::sleep_for(5ms);
    t_.out.demand(open() == 0, "{} breakers are open still", open());
  }

  /// All leases are back; the news of it comes a moment later.
  void judge_generations(const failure_log& seen) {
    for (int i = 0; i < 100 && seen.survivors() > 0; ++i) std::this_thread::sleep_for(5ms);
    t_.out.demand(seen.survivors() == 0, "{} connections have outlived the clearing of their pool",
                  seen.survivors());
  }

  void judge_books(const findings& f, const failure_log& seen) {
    verdict& v = t_.out;
    v.figure("{} acknowledged, {} failed, {} unknown of which {} settled", f.acknowledged, f.failed,
             f.unknown, f.settled);
    v.demand(f.lost == 0, "{} acknowledged writes are not there", f.lost);
    v.demand(f.doubled == 0, "{} writes are there twice", f.doubled);
    v.demand(f.contradicted == 0, "{} writes were told to have failed, and are there",
             f.contradicted);
    v.demand(f.uninvited == 0, "{} rows are there that nobody wrote", f.uninvited);
    v.demand(f.money_missing == 0, "{} money is missing", f.money_missing);
    v.demand(f.wrong_replies == 0, "{} replies reached another request", f.wrong_replies);
    v.demand(f.worst_overrun <= overrun_allowed + stalls_.worst(),
             "a deadline was exceeded by {:.0f} ms, stalls of {:.0f} ms", in_ms(f.worst_overrun),
             in_ms(stalls_.worst()));
    v.figure("failures seen:{}", seen.text());
    v.figure("breaker opened {} times", seen.opened());
    v.demand(!plan_.harmless || f.errors.empty(), "calls failed that nothing harmed: {}",
             fmt::join(f.errors | std::views::keys, ", "));
    v.demand(!plan_.breaker_opens || seen.opened() > 0, "the breaker did not open");
    for (const errc code : plan_.forbidden)
      v.demand(seen.of(code) == 0, "{} was seen, which this fault does not explain",
               to_string(code));
    v.demand(!plan_.once_a_connection || !seen.met_again(*plan_.once_a_connection),
             "connections met what ends their use again");
    judge_recognition(f, seen);
  }

  void judge_recognition(const findings& f, const failure_log& seen) {
    if (plan_.expected.empty()) return;
    std::string names;
    for (const errc code : plan_.expected) {
      const std::string name{to_string(code)};
      if (seen.of(code) > 0 || f.errors.contains(name)) return;
      names += (names.empty() ? "" : " or ") + name;
    }
    t_.out.demand(false, "the fault was to be seen as {}, and was not", names);
  }

  /// Threads are looked at when all cells are over: the library keeps idle ones for seconds.
  void judge_resources(const resources& before) {
    const std::size_t allowed = before.descriptors + t_.at.spare_descriptors();
    const resources after =
        resources::wait_until_within({.descriptors = allowed, .threads = no_limit}, longest_cancel);
    t_.out.demand(after.descriptors <= allowed, "{} descriptors are open, {} before, {} allowed",
                  after.descriptors, before.descriptors, allowed);
  }

  trial& t_;
  const plan& plan_;
  stall_meter stalls_; // first of the threads, so that it is in the baseline
};

} // namespace

database_options brisk() {
  database_options o;
  o.name = "chaos";
  o.log.enabled = false;
  o.pool.min_size = 2;
  o.pool.max_size = 8;
  o.pool.connect_timeout = 300ms;
  o.pool.acquire_timeout = 500ms;
  o.operation_keys.enabled = true;
  return o;
}

workload_options callers(trial& t) {
  return {
      .seed = t.seed, .run = t.at.next_run(), .accounts = account_count, .deadline = call_deadline};
}

plan direct(trial& t) {
  plan p;
  p.port = t.at.port();
  p.options = brisk();
  p.load = callers(t);
  return p;
}

void play(trial& t, const plan& p) { stage{t, p}.run(); }

} // namespace holdfast::matrix
