// One contract for every engine: each case against each engine's real server.
// Exit code: 0 every cell is ok or not applicable, 1 one is not, 2 it was asked for what there is
// not.
#include "conformance/intruder.hpp"
#include "conformance/report.hpp"
#include "conformance/suite.hpp"

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace holdfast::conformance {

namespace {

constexpr auto usage = R"(usage: conformance [ENGINE...] [--case NAME]... [--times]
       conformance --list     the engines and the cases that there are
)";

constexpr duration case_limit = 60s; // ten times what the longest takes

struct wishes {
  std::vector<engine_entry> engines;
  std::vector<test_case> cases;
  bool times = false;
  bool list = false;
  bool help = false;
};

/// What was asked for that there is not.
class wrong_usage : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class Entry>
const Entry& named(std::string_view what, std::span<const Entry> all, std::string_view name) {
  std::vector<std::string_view> there;
  for (const Entry& e : all) {
    if (e.name == name) return e;
    there.push_back(e.name);
  }
  constexpr std::size_t few = 10;
  throw wrong_usage(
      there.size() > few
          ? fmt::format("there is no {} '{}'; --list names them", what, name)
          : fmt::format("there is no {} '{}'; there are {}", what, name, fmt::join(there, ", ")));
}

wishes read_arguments(int argc, char** argv) {
  wishes w;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--case")
      w.cases.push_back(named("case", cases(), ++i < argc ? argv[i] : ""));
    else if (word == "--times")
      w.times = true;
    else if (word == "--list")
      w.list = true;
    else if (word == "--help" || word == "-h")
      w.help = true;
    else if (word.starts_with("-"))
      throw wrong_usage(fmt::format("there is no option '{}'\n{}", word, usage));
    else
      w.engines.push_back(named("engine", engines(), word));
  }
  if (w.engines.empty()) w.engines.assign(engines().begin(), engines().end());
  if (w.cases.empty()) w.cases.assign(cases().begin(), cases().end());
  return w;
}

void print_list() {
  for (const auto& e : engines()) fmt::print("engine {}\n", e.name);
  for (const auto& c : cases()) fmt::print("case {}\n", c.name);
}

std::string verdict_of(const test_case& c, witness& at) {
  if (const auto reason = at.lacks(c.needs); !reason.empty())
    return fmt::format("not applicable: {}", reason);
  trial t{at};
  try {
    at.clear();
    c.run(t);
  } catch (const std::exception& e) {
    t.demand(false, "it could not be played to its end: {}", e.what());
  }
  return t.out.ok() ? "ok" : fmt::format("FAILED: {}", fmt::join(t.out.objections, "; "));
}

/// A case that does not end has failed, and says which it is instead of nothing.
class watchdog {
public:
  explicit watchdog(std::string what)
      : thread_{[what = std::move(what)](const std::stop_token& stop) {
          std::mutex mutex;
          std::unique_lock lock{mutex};
          std::condition_variable_any never;
          never.wait_for(lock, stop, case_limit, [] { return false; });
          if (stop.stop_requested()) return; // what the wait returns does not always tell
          fmt::print("FAILED: {} has not ended after {} s\n", what, case_limit / 1s);
          std::fflush(stdout);
          std::_Exit(1); // nobody knows where it hangs; servers end with us
        }} {}

private:
  std::jthread thread_;
};

void run_engine(const engine_entry& e, const wishes& w, report& book) {
  const auto at = e.call();
  for (const test_case& c : w.cases) {
    const watchdog dog{fmt::format("{} {}", e.name, c.name)};
    const time_point began = clock::now();
    std::string verdict = verdict_of(c, *at);
    if (w.times)
      fmt::print(stderr, "{:6} ms {} {}: {}\n", (clock::now() - began) / 1ms, e.name, c.name,
                 verdict);
    book.set(e.name, c.name, std::move(verdict));
  }
}

template <class Entry>
std::vector<std::string_view> names_of(const std::vector<Entry>& all) {
  std::vector<std::string_view> names;
  for (const auto& e : all) names.push_back(e.name);
  return names;
}

int run(int argc, char** argv) {
  const wishes w = read_arguments(argc, argv);
  if (w.help) return std::fputs(usage, stdout), 0;
  if (w.list) return print_list(), 0;
  report book{names_of(w.engines), names_of(w.cases)};
  for (const auto& e : w.engines) try {
      run_engine(e, w, book);
    } catch (const std::exception& failed) {
      fmt::print(stderr, "conformance: {}: {}\n", e.name, failed.what());
    }
  book.print();
  return book.good() ? 0 : 1;
}

} // namespace

} // namespace holdfast::conformance

int main(int argc, char** argv) {
  using namespace holdfast::conformance;
  try {
    if (argc == 3 && std::string_view{argv[1]} == hold_command) return hold_write_lock(argv[2]);
    return run(argc, argv);
  } catch (const wrong_usage& e) {
    fmt::print(stderr, "conformance: {}\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    fmt::print(stderr, "conformance: {}\n", e.what());
    return 1;
  }
}
