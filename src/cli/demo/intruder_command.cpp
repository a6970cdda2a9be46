// The second process's own side: `holdfast demo-intruder FILE`.
#include "cli/command.hpp"
#include "cli/demo/intruder.hpp"

#include <holdfast/sqlite.hpp>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <optional>
#include <poll.h>
#include <sstream>
#include <sys/prctl.h>

namespace holdfast::cli {

namespace {

using namespace std::chrono_literals;

struct order {
  std::int64_t burst = 0;
  std::chrono::milliseconds hold{};
};

std::optional<order> next_order() {
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  std::istringstream words{line};
  order o;
  std::int64_t hold = 0;
  if (!(words >> o.burst >> hold)) return std::nullopt;
  o.hold = std::chrono::milliseconds{hold};
  return o;
}

void report(const char* what) {
  std::puts(what);
  std::fflush(stdout);
}

/// Wakes early when the parent is gone, or orders something else.
void hold_still(std::chrono::milliseconds time) {
  pollfd orders{0, POLLIN, 0};
  (void)::poll(&orders, 1, static_cast<int>(time.count()));
}

void burst(database& db, const order& o) {
  db.transaction([&](transaction& tx) {
    for (std::int64_t line = 1; line <= demo::rows_a_burst; ++line)
      tx.execute("insert into intruder (burst, line) values (?1, ?2)", o.burst, line);
    // Its own rows, which nobody has seen yet.
    tx.execute("update intruder set line = -line where burst = ?1", o.burst);
    report("locked");
    hold_still(o.hold);
  });
  report("released");
}

class demo_intruder final : public command {
public:
  void declare(arguments& takes) override {
    takes.positional("FILE", true, read_text(file_), "The demo's file");
  }

  int run(const console&) override {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    database_options o;
    o.pool.min_size = 0;
    o.pool.max_size = 1;
    o.sqlite.create = false;
    o.log.enabled = false;
    // It must find a gap between writers that leave hardly any.
    o.retry.busy.backoff = {1ms, 2ms};
    database db = sqlite::connect(file_, o);
    while (const auto next = next_order()) burst(db, *next);
    return exit_ok;
  }

private:
  std::string file_;
};

} // namespace

std::unique_ptr<command> make_demo_intruder() { return std::make_unique<demo_intruder>(); }

} // namespace holdfast::cli
