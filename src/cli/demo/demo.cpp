#include "cli/commands.hpp"
#include "cli/demo/progress.hpp"
#include "cli/demo/report.hpp"
#include "cli/demo/stage.hpp"
#include "cli/demo/workload.hpp"

#include <csignal>
#include <fmt/format.h>
#include <optional>
#include <random>
#include <thread>

namespace holdfast::cli {

namespace {

using namespace std::chrono_literals;

std::atomic<bool> interrupted = false;

void on_interrupt(int) { interrupted = true; }

database_options options_of(const demo_options& asked) {
  database_options o;
  o.log.enabled = asked.verbose;
  o.name = "demo";
  o.operation_keys.enabled = true;
  // Callers wait an outage out as long as their deadline allows.
  o.retry.connect.max_retries = 8;
  o.retry_budget.capacity = 2.0 * asked.callers;
  return o;
}

/// The callers, the faults, the screen.
class run {
public:
  run(const demo_options& asked, std::uint64_t seed, stage& where, database db)
      : asked_{asked}, stage_{where}, db_{std::move(db)}, random_{seed}, books_(asked.callers) {}

  demo_result play() {
    const auto began = clock::now();
    fault_log faults{counts_, began};
    // The screen goes where data does not.
    progress screen{asked_.out.json ? stderr : stdout, db_, counts_, faults, began};
    start_callers();
    std::jthread harm{[&](std::stop_token stop) { stage_.do_harm(stop, faults, asked_.seconds); }};
    const auto end =
        began + std::chrono::duration_cast<duration>(std::chrono::duration<double>(asked_.seconds));
    while (clock::now() < end && !interrupted) {
      std::this_thread::sleep_for(20ms);
      if (!asked_.out.quiet) screen.show();
    }
    harm.request_stop();
    harm.join();
    stop_ = true;
    crowd_.clear();
    screen.finish();
    return settle(faults, std::chrono::duration<double>(clock::now() - began).count());
  }

private:
  void start_callers() {
    for (std::uint32_t i = 0; i < asked_.callers; ++i) {
      const std::string prefix = fmt::format("{:08x}-{}-", random_() & 0xffffffffU, i);
      crowd_.emplace_back([this, i, prefix, own_seed = random_()] {
        call_until(db_, prefix, own_seed, stop_, counts_, books_[i]);
      });
    }
  }

  demo_result settle(const fault_log& faults, double seconds) {
    demo_result r;
    r.engine = asked_.engine;
    r.seconds = seconds;
    r.operations = counts_.operations();
    r.refused = counts_.refused;
    r.succeeded = counts_.acknowledged + counts_.refused;
    r.failed = counts_.failed;
    r.p50_ms = quantile(books_, 0.5);
    r.p99_ms = quantile(books_, 0.99);
    r.books = check_books(db_, books_);
    const database_status s = db_.status();
    r.retried = s.retries;
    r.resolved = s.outcomes_resolved + r.books.resolved;
    r.faults = faults.list();
    for (const ledger& l : books_)
      if (r.first_failure.empty()) r.first_failure = l.first_failure;
    r.complaint = stage_.check(db_);
    if (r.complaint.empty() && !interrupted) r.complaint = stage_.missing(faults, asked_.seconds);
    stage_.clean_up(db_);
    return r;
  }

  const demo_options& asked_;
  stage& stage_;
  database db_;
  std::mt19937_64 random_;
  tally counts_;
  std::vector<ledger> books_;
  std::atomic<bool> stop_ = false;
  std::vector<std::jthread> crowd_;
};

std::string problem_of(const demo_options& o) {
  if (o.engine != "sqlite" && o.engine != "postgres")
    return "demo: given the engine \"" + o.engine + "\"; takes sqlite or postgres";
  if (!o.url.empty() && o.engine != "postgres")
    return "--url: given with sqlite; goes with postgres";
  if (!(o.seconds > 0 && o.seconds <= 3600))
    return fmt::format("--seconds: given {}; takes more than 0 and at most 3600", o.seconds);
  if (o.callers == 0 || o.callers > 1000)
    return fmt::format("--callers: given {}; takes 1 to 1000", o.callers);
  return {};
}

} // namespace

int run_demo(const demo_options& options) {
  if (const std::string bad = problem_of(options); !bad.empty()) {
    fmt::print(stderr, "holdfast: {}\n", bad);
    return exit_code::usage;
  }
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  const std::uint64_t seed = options.seed.value_or(std::random_device{}());
  const auto where = options.engine == "sqlite" ? make_sqlite_stage(options, seed)
                                                : make_postgres_stage(options, seed);
  if (!options.out.quiet)
    fmt::print(options.out.json ? stderr : stdout,
               "{} callers book seats and move money for {:.0f} s on {}\nEvery write carries an "
               "operation key; in the end the books are checked. Seed {}.\n\n",
               options.callers, options.seconds, where->announcement(), seed);
  database db = where->open(options_of(options));
  prepare(db);
  demo_result result = run{options, seed, *where, db}.play();
  result.seed = seed;
  if (options.out.json)
    print_json(result);
  else
    print_verdict(result);
  return result.ok() ? exit_code::ok : exit_code::failed;
}

} // namespace holdfast::cli
