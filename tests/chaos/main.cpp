// The chaos matrix: each fault against real engines, and the books checked after it.
// Exit code: 0 all green, 1 something is red, 2 it was asked for what there is not.
#include "chaos/lock_holder.hpp"
#include "chaos/matrix.hpp"
#include "chaos/sqlite_kills.hpp"
#include "chaos/watches.hpp"

#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <random>
#include <string_view>

namespace holdfast::matrix {

namespace {

constexpr auto usage =
    R"(usage: chaos [--engine E] [--cell N] [--seed S] [--short]   the cells, each a line
       chaos --kills N [--engine E] [--seed S]   N kills around COMMIT: of connections, with keys and
                                                 with ids; with sqlite, of the process that writes
       chaos --server-kills N [--seed S]         the same with the whole server killed and restarted
       chaos --list                              the cells that there are
Without --engine: the cells of every engine; kills on the first.
)";

constexpr std::uint64_t most_kills = 1'000'000;

struct wishes {
  const engine* only = nullptr; ///< null: all
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

const engine* engine_named(std::string_view name) {
  std::string there;
  for (const engine& e : engines()) {
    if (name == e.name) return &e;
    there += (there.empty() ? "" : " or ") + std::string{e.name};
  }
  throw wrong_usage(fmt::format("--engine: given '{}'; takes {}", name, there));
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
    else if (word == "--engine")
      w.only = engine_named(++i < argc ? argv[i] : "");
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
    throw wrong_usage("--kills and --server-kills are runs of their own: each goes with --engine "
                      "and --seed alone");
  if (w.server_kills && w.only && w.only->server_kills.empty())
    throw wrong_usage(fmt::format("--server-kills: {} has no server", w.only->name));
  return w;
}

/// Those of the wishes.
std::span<const engine> chosen(const wishes& w) {
  return w.only ? std::span{w.only, 1} : engines();
}

void print_list(const wishes& w) {
  for (const engine& e : chosen(w))
    for (const cell& c : e.cells)
      fmt::print("{:8} {:2} {}{}{}\n", e.name, c.number, c.name, c.run ? "" : ": ", c.why_not);
}

/// Throws unless a cell was named that can run.
void check_cell(const wishes& w) {
  std::string why;
  for (const engine& e : chosen(w))
    for (const cell& c : e.cells) {
      if (static_cast<std::uint64_t>(c.number) != *w.cell) continue;
      if (c.run) return;
      why += fmt::format("; {} on {}: {}", c.name, e.name, c.why_not);
    }
  throw wrong_usage(fmt::format("--cell: given {}{}; --list names what there is", *w.cell, why));
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
    at.mend();
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

struct tally {
  int all = 0;
  int red = 0;
  int not_run = 0;
  int not_there = 0;
};

void run_cells(const engine& e, const wishes& w, std::uint64_t seed, tally& sum) {
  const auto at = e.open();
  const resources before = resources::now();
  fmt::print("{}\n", at->title());
  for (const cell& c : e.cells) {
    if (w.cell && *w.cell != static_cast<std::uint64_t>(c.number)) continue;
    if (!c.run) {
      fmt::print("cell {} {}: {}\n", c.number, c.name, c.why_not);
      ++sum.not_there;
      continue;
    }
    ++sum.all;
    const verdict v = run_cell(c, *at, seed, w.brief);
    if (!v.ok()) ++sum.red;
    if (!v.not_run.empty()) ++sum.not_run;
  }
  if (!threads_are_gone(before)) ++sum.red;
}

bool run_cells(const wishes& w, std::uint64_t seed) {
  tally sum;
  for (const engine& e : chosen(w)) run_cells(e, w, seed, sum);
  fmt::print("{} cells, {} red, {} not run, {} not applicable or not built\n", sum.all, sum.red,
             sum.not_run, sum.not_there);
  return sum.red == 0;
}

bool run_kills(const wishes& w, std::uint64_t seed) {
  const engine& e = chosen(w).front();
  const auto at = e.open();
  fmt::print("{}{}\n", at->title(),
             w.kills ? "" : " (a killed process leaves what it wrote to the operating system)");
  bool ok = true;
  for (const kill_run& k : w.kills ? e.kills : e.server_kills) {
    const auto kills = static_cast<std::uint32_t>(w.kills ? *w.kills : *w.server_kills);
    const verdict v = k.run(*at, kills, seed);
    print(k.name, seed, v);
    ok = ok && v.ok();
  }
  return ok;
}

/// Our own children: what a cell needs another process for.
std::optional<int> play_child(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word == hold_lock_word && argc == 3) return hold_lock(argv[2]);
  if (word == sqlite::keep_writing_word && argc == 5)
    return sqlite::keep_writing(argv[2], argv[3], argv[4]);
  return std::nullopt;
}

int run(int argc, char** argv) {
  if (const auto ended = play_child(argc, argv)) return *ended;
  const wishes w = read_arguments(argc, argv);
  if (w.help) return std::fputs(usage, stdout), 0;
  if (w.list) return print_list(w), 0;
  if (w.cell) check_cell(w);
  const std::uint64_t seed = w.seed.value_or(std::random_device{}());
  const bool ok = w.kills || w.server_kills ? run_kills(w, seed) : run_cells(w, seed);
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
