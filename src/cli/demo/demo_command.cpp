#include "cli/command.hpp"
#include "cli/demo/interruption.hpp"
#include "cli/demo/show.hpp"
#include "cli/demo/verdict.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <random>
#include <tuple>

namespace holdfast::cli {

namespace {

using namespace demo;

std::uint64_t any_seed() {
  std::random_device device;
  return device(); // 32 bits: short enough to be typed again
}

/// The first is the default.
struct stage_maker {
  std::string_view name;
  std::string_view scheme; ///< of a URL of the user's own; empty: none is taken
  std::unique_ptr<stage> (*make_stage)(const settings&, std::uint64_t seed, const console&);
};
constexpr auto stage_makers =
    std::to_array<stage_maker>({{"sqlite", "", make_sqlite_stage},
                                {"postgres", "postgres", make_postgres_stage},
                                {"mysql", "mysql", make_mysql_stage},
                                {"mysql", "mariadb", make_mysql_stage}});

class demo_command final : public command {
public:
  void declare(arguments& takes) override {
    takes.positional("ENGINE", false, read_choice(engine_, {"sqlite", "postgres", "mysql"}),
                     "sqlite (default), postgres or mysql");
    takes.value("--seconds", "N", read_number(s_.seconds, {1, 3600}), "How long (default 15)");
    takes.value("--callers", "N", read_count(s_.callers, {1, 1000}), "Threads (default 64)");
    takes.value("--url", "URL", read_text(s_.url),
                "Your own PostgreSQL or MySQL; - reads it from input");
    takes.value("--seed", "N", read_seed(s_.seed),
                "What the callers and faults do (default random)");
    takes.flag("-v,--verbose", s_.verbose, "The library's log on standard error");
  }

  int run(const console& out) override {
    choose_engine();
    const interruption signals;
    const std::uint64_t seed = s_.seed ? *s_.seed : any_seed();
    const auto where =
        std::ranges::find(stage_makers, s_.engine, &stage_maker::name)->make_stage(s_, seed, out);
    const int code = play(*where, seed, out);
    where->clean_up(out);
    return code;
  }

private:
  /// A URL says which engine it is of; one from standard input does not.
  void choose_engine() {
    const auto of_url = std::ranges::find_if(stage_makers, [this](const stage_maker& e) {
      return !e.scheme.empty() && s_.url.starts_with(e.scheme);
    });
    const bool told = of_url != stage_makers.end();
    s_.engine = engine_;
    if (s_.engine.empty())
      s_.engine = told ? of_url->name : s_.url.empty() ? stage_makers.front().name : "postgres";
    if (s_.engine == "sqlite" && !s_.url.empty())
      throw usage_error(
          "--url goes with postgres or mysql; the sqlite demo makes a file of its own");
    if (told && of_url->name != s_.engine)
      throw usage_error(fmt::format("--url is one of {}, not of {}", of_url->name, s_.engine));
  }

  int play(stage& where, std::uint64_t seed, const console& out) const {
    workplace at{where.db(), where.words(), fmt::format("{:08x}", std::random_device{}())};
    open_accounts(at.db);
    std::FILE* words = out.json ? stderr : stdout;
    introduce(where, seed, out, words);
    progress view{out.quiet ? nullptr : words};
    const performance p = perform(where, at, s_, seed, view);
    return report(where, at.db, p, seed, out);
  }

  static void open_accounts(database& db) {
    std::vector<std::tuple<std::int64_t, std::int64_t>> accounts;
    for (std::int64_t id = 1; id <= account_count; ++id) accounts.emplace_back(id, opening_balance);
    db.insert_many("account", {"id", "balance"}, accounts);
  }

  void introduce(const stage& where, std::uint64_t seed, const console& out,
                 std::FILE* words) const {
    if (out.quiet) return;
    for (const auto& line : where.promises()) fmt::print(words, "{}\n", line);
    fmt::print(
        words,
        "{} callers book seats and move money for {:g} s, every write under an operation "
        "key, and note what they are told (seed {}).\n"
        "Then the database is held to it: nothing lost, nothing doubled, nothing unknown.\n\n",
        s_.callers, s_.seconds, seed);
    std::fflush(words);
  }

  int report(stage& where, database db, const performance& p, std::uint64_t seed,
             const console& out) const {
    std::vector<const ledger*> books;
    books.reserve(p.callers.size());
    for (const auto& one : p.callers) books.push_back(&one->books());
    findings found = check_books(db, books);
    for (auto& text : where.own_findings()) {
      ++found.contradicted;
      found.examples.push_back(std::move(text));
    }
    const verdict v = judge(s_, seed, p, found, where.shortfall(p.faults));
    if (out.json) {
      out.data(as_json(v, p, found).text());
    } else {
      print(as_text(v, p, found), v.ok(), out);
    }
    return v.ok() ? exit_ok : exit_failed;
  }

  static void print(const std::vector<std::string>& lines, bool ok, const console& out) {
    const bool color = wants_color(stdout);
    if (!out.quiet) {
      out.data("");
      for (std::size_t i = 0; i + 1 < lines.size(); ++i) out.data(lines[i]);
    }
    const char* paint = ok ? "\x1b[1;32m" : "\x1b[1;31m";
    out.data(color ? paint + lines.back() + "\x1b[0m" : lines.back());
  }

  std::string engine_;
  settings s_;
};

} // namespace

std::unique_ptr<command> make_demo() { return std::make_unique<demo_command>(); }

} // namespace holdfast::cli
