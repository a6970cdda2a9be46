// The holdfast program: reads the command line and calls the command. CLI11 is included here alone.
#include "base/suggest.hpp"
#include "cli/commands.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/version.hpp>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <functional>

namespace {

using namespace holdfast;
using namespace holdfast::cli;

constexpr const char* examples = R"(Examples:
  holdfast demo                             64 callers on SQLite under faults; checks its own books
  holdfast demo postgres --json             the same on a throwaway PostgreSQL that is killed
  holdfast wait postgresql://app@db/shop    until it answers
  holdfast ping sqlite:app.db --count 3
  holdfast config show holdfast.toml shop --origin
)";

/// Everything that the command line fills in, and what it chose.
struct parsed {
  wait_options wait;
  ping_options ping;
  config_options config;
  demo_options demo;
  std::string holder_file;
  std::uint64_t holder_seed = 0;
  std::function<int()> chosen;
};

void add_output(CLI::App& command, output_options& out) {
  command.add_flag("--json", out.json, "One JSON document on standard output");
  command.add_flag("-q,--quiet", out.quiet, "No messages on standard error but errors");
}

void add_demo(CLI::App& app, parsed& p) {
  auto* c = app.add_subcommand("demo", "Runs a workload under faults and checks its own books");
  c->add_option("engine", p.demo.engine, "sqlite (default) or postgres");
  c->add_option("--url", p.demo.url,
                "Your own PostgreSQL; only the demo's own connections are cut");
  c->add_option("--seconds", p.demo.seconds, "How long")->capture_default_str();
  c->add_option("--callers", p.demo.callers, "How many at once")->capture_default_str();
  c->add_option("--seed", p.demo.seed, "Repeats the choices of an earlier run");
  c->add_flag("-v,--verbose", p.demo.verbose, "The library's log on standard error");
  add_output(*c, p.demo.out);
  c->callback([&p] { p.chosen = [&p] { return run_demo(p.demo); }; });
  auto* holder = app.add_subcommand("demo-lock-holder", "")->group("");
  holder->add_option("file", p.holder_file)->required();
  holder->add_option("seed", p.holder_seed)->required();
  holder->callback(
      [&p] { p.chosen = [&p] { return run_lock_holder(p.holder_file, p.holder_seed); }; });
}

void add_wait_and_ping(CLI::App& app, parsed& p) {
  auto* wait = app.add_subcommand("wait", "Waits until a database answers a query");
  wait->add_option("url", p.wait.url, "postgresql://… or sqlite:…")->required();
  wait->add_option("--timeout", p.wait.timeout, "At most this long")->capture_default_str();
  add_output(*wait, p.wait.out);
  wait->callback([&p] { p.chosen = [&p] { return run_wait(p.wait); }; });
  auto* ping = app.add_subcommand("ping", "Measures round trips");
  ping->add_option("url", p.ping.url, "postgresql://… or sqlite:…")->required();
  ping->add_option("--count", p.ping.count, "How many")->capture_default_str();
  ping->add_option("--interval", p.ping.interval, "Between two")->capture_default_str();
  add_output(*ping, p.ping.out);
  ping->callback([&p] { p.chosen = [&p] { return run_ping(p.ping); }; });
}

void add_config(CLI::App& app, parsed& p) {
  auto* config = app.add_subcommand("config", "Reads a configuration without opening anything");
  config->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, int (*go)(const config_options&)) {
    auto* c = config->add_subcommand(name, help);
    c->add_option("source", p.config.source, "A TOML file or a URL")->required();
    c->add_option("name", p.config.name, "The database's name in the file");
    add_output(*c, p.config.out);
    c->callback([&p, go] { p.chosen = [&p, go] { return go(p.config); }; });
    return c;
  };
  add("check", "All that is wrong, at once; exit 2 if anything is", run_config_check);
  add("show", "Every option as it comes out; secrets are masked", run_config_show)
      ->add_flag("--origin", p.config.origin, "And who said so");
}

/// `; did you mean demo?` for the first word that was not understood.
std::string hint(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const auto rest = app.remaining(true);
  if (rest.empty()) return {};
  std::vector<std::string> names;
  for (const auto* c : at->get_subcommands([](const CLI::App*) { return true; }))
    if (!c->get_group().empty()) names.push_back(c->get_name());
  for (const auto* o : at->get_options([](const CLI::Option*) { return true; }))
    for (const auto& l : o->get_lnames()) names.push_back("--" + l);
  const std::vector<std::string_view> views{names.begin(), names.end()};
  // A word may be a mistyped URL with a password in it: only short plain ones are repeated.
  const bool plain = rest[0].size() < 30 && rest[0].find_first_of(":@/=") == std::string::npos;
  return (plain ? ": \"" + rest[0] + "\"" : "") + detail::did_you_mean(rest[0], views);
}

int usage_error(const CLI::App& app, const CLI::ParseError& e) {
  const bool extras = e.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
                      e.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
  const auto rest = hint(app);
  if (extras && !rest.empty())
    fmt::print(stderr, "holdfast: not understood{}\n", rest);
  else
    fmt::print(stderr, "holdfast: {}\n", e.what());
  fmt::print(stderr, "Try: holdfast --help\n");
  return exit_code::usage;
}

int run_chosen(const parsed& p) {
  try {
    return p.chosen();
  } catch (const configuration_error& e) {
    fmt::print(stderr, "holdfast: {}\n", e.details().message);
    return exit_code::usage;
  } catch (const database_error& e) {
    fmt::print(stderr, "holdfast: {}\n", e.what());
    return exit_code::failed;
  } catch (const std::exception& e) {
    fmt::print(stderr, "holdfast: {}\n", e.what());
    return exit_code::failed;
  }
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Keeps database operations alive.", "holdfast"};
  app.footer(examples);
  app.set_version_flag("--version", fmt::format("holdfast {} (postgresql, sqlite)", version));
  app.require_subcommand(1);
  parsed p;
  add_demo(app, p);
  add_wait_and_ping(app, p);
  add_config(app, p);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    return usage_error(app, e);
  }
  return run_chosen(p);
}
