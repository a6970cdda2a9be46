// The chaos matrix: each fault against a real server, and the books checked after it.
// Exit code: 0 all green, 1 something is red, 2 it was asked for what there is not.
#include "chaos/kills.hpp"
#include "chaos/matrix.hpp"
#include "chaos/server_kills.hpp"
#include "chaos/watches.hpp"

#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <random>
#include <string_view>

namespace holdfast::matrix {

namespace {

constexpr auto usage = R"(usage: chaos [--cell N] [--seed S] [--short]   the cells, each a line
       chaos --kills N [--seed S]               N connections cut around COMMIT, with keys and with ids
       chaos --server-kills N [--seed S]        the same with the whole server killed and restarted
       chaos --list                             the cells that there are
)";

constexpr std::uint64_t most_kills = 1'000'000;

struct wishes {
  std::optional<std::uint64_t> cell;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> kills;
  std::optional<std::uint64_t> server_kills;
  bool brief = false;
  bool list = false;
  bool help = false;
};

/// What was asked for that there is not.
class wrong_usage : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::uint64_t number_after(int& i, int argc, char** argv) {
  const std::string name = argv[i];
  const std::string_view text = ++i < argc ? argv[i] : "";
  std::uint64_t n = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (bad != std::errc{} || end != text.data() + text.size())
    throw wrong_usage(fmt::format("{}: given '{}'; takes a number", name, text));
  return n;
}

void check_count(std::string_view name, const std::optional<std::uint64_t>& given) {
  if (given && (*given < 2 || *given > most_kills))
    throw wrong_usage(
        fmt::format("{}: given {}; takes a count from 2 to {}", name, *given, most_kills));
}

wishes read_arguments(int argc, char** argv) {
  wishes w;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--cell")
      w.cell = number_after(i, argc, argv);
    else if (word == "--seed")
      w.seed = number_after(i, argc, argv);
    else if (word == "--kills")
      w.kills = number_after(i, argc, argv);
    else if (word == "--server-kills")
      w.server_kills = number_after(i, argc, argv);
    else if (word == "--short")
      w.brief = true;
    else if (word == "--list")
      w.list = true;
    else if (word == "--help" || word == "-h")
      w.help = true;
    else
      throw wrong_usage(fmt::format("there is no option '{}'\n{}", word, usage));
  }
  check_count("--kills", w.kills);
  check_count("--server-kills", w.server_kills);
  if ((w.kills || w.server_kills) && (w.cell || w.brief || (w.kills && w.server_kills)))
    throw wrong_usage(
        "--kills and --server-kills are runs of their own: each goes with --seed alone");
  return w;
}

void print_list() {
  for (const cell& c : cells())
    std::printf("%2d %s%s\n", c.number, c.name, c.run ? "" : " (not built)");
}

/// Throws unless a cell was named that can run.
void check_cell(std::uint64_t number) {
  std::string built;
  for (const cell& c : cells()) {
    if (c.run) built += fmt::format("{}{} {}", built.empty() ? "" : ", ", c.number, c.name);
    if (static_cast<std::uint64_t>(c.number) == number && c.run) return;
  }
  throw wrong_usage(fmt::format("cell {} is not there or not built; there are {}", number, built));
}

/// One line of verdict, with what is wrong below it.
void print(std::string_view what, std::uint64_t seed, const verdict& v) {
  if (v.not_run.empty())
    fmt::print("{} seed {}: {} ({})\n", what, seed, v.ok() ? "ok" : "RED",
               fmt::join(v.figures, "; "));
  else
    fmt::print("{} seed {}: NOT RUN, {}\n", what, seed, v.not_run);
  for (const auto& objection : v.objections) fmt::print("  {}\n", objection);
  std::fflush(stdout);
}

verdict run_cell(const cell& c, ground& at, std::uint64_t seed, bool brief) {
  trial t{.at = at, .seed = seed, .brief = brief};
  try {
    c.run(t);
  } catch (const std::exception& e) {
    t.out.demand(false, "it could not be played to its end: {}", e.what());
    at.server.resume();
    at.server.restart(); // for the cells after it
  }
  print(fmt::format("cell {} {}", c.number, c.name), seed, t.out);
  return t.out;
}

/// No cell has left a thread behind. The library ends its own idle ones after 5 s.
bool threads_are_gone(const resources& before) {
  resources allowed = before;
  allowed.descriptors = resources::now().descriptors; // each cell has looked at these
  const resources after = resources::wait_until_within(allowed, std::chrono::seconds{7});
  if (after.threads <= before.threads) return true;
  fmt::print("RED: {} threads are left, {} at the beginning\n", after.threads, before.threads);
  return false;
}

bool run_cells(const wishes& w, std::uint64_t seed) {
  ground at{fast_server()};
  const resources before = resources::now();
  int red = 0;
  int all = 0;
  int not_run = 0;
  for (const cell& c : cells()) {
    if (!c.run || (w.cell && *w.cell != static_cast<std::uint64_t>(c.number))) continue;
    ++all;
    const verdict v = run_cell(c, at, seed, w.brief);
    if (!v.ok()) ++red;
    if (!v.not_run.empty()) ++not_run;
  }
  fmt::print("{} cells, {} red, {} not run\n", all, red, not_run);
  return threads_are_gone(before) && red == 0;
}

bool run_kill_cell(const wishes& w, std::uint64_t seed) {
  ground at{fast_server()};
  const auto play = w.kills ? run_kills : run_server_kills;
  const auto kills = static_cast<std::uint32_t>(w.kills ? *w.kills : *w.server_kills);
  fmt::print("PostgreSQL {}, fsync off{}\n", at.server.version(),
             w.kills ? "" : " (a killed process leaves what it wrote to the operating system)");
  bool ok = true;
  for (const naming names : {naming::keys, naming::ids}) {
    const verdict v = play(at, names, kills, seed);
    print(fmt::format("{} with {}", w.kills ? "commit_kill" : "commit_server_kill",
                      names == naming::keys ? "operation keys" : "transaction ids alone"),
          seed, v);
    ok = ok && v.ok();
  }
  return ok;
}

int run(int argc, char** argv) {
  const wishes w = read_arguments(argc, argv);
  if (w.help) return std::fputs(usage, stdout), 0;
  if (w.list) return print_list(), 0;
  if (w.cell) check_cell(*w.cell);
  const std::uint64_t seed = w.seed.value_or(std::random_device{}());
  const bool ok = w.kills || w.server_kills ? run_kill_cell(w, seed) : run_cells(w, seed);
  return ok ? 0 : 1;
}

} // namespace

} // namespace holdfast::matrix

int main(int argc, char** argv) {
  try {
    return holdfast::matrix::run(argc, argv);
  } catch (const holdfast::matrix::wrong_usage& e) {
    fmt::print(stderr, "chaos: {}\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    fmt::print(stderr, "chaos: {}\n", e.what());
    return 1;
  }
}
