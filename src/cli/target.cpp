#include "cli/target.hpp"

#include "cli/arguments.hpp"

#include <holdfast/mysql.hpp>
#include <holdfast/postgres.hpp>
#include <holdfast/sqlite.hpp>
#include <holdfast/url.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

namespace holdfast::cli {

namespace {

struct opener {
  std::string_view scheme;
  database (*connect)(const database_config&);
};
constexpr auto openers = std::to_array<opener>(
    {{"sqlite", sqlite::connect}, {"postgresql", postgres::connect}, {"mysql", mysql::connect}});

std::string first_line_of_input() {
  std::string line;
  std::getline(std::cin, line);
  if (line.empty()) throw usage_error("- takes the URL from standard input, which holds none");
  return line;
}

std::string chosen_url(const std::string& argument) {
  if (argument == "-") return first_line_of_input();
  if (!argument.empty()) return argument;
  const char* variable = std::getenv("HOLDFAST_URL");
  if (variable == nullptr || *variable == '\0')
    throw usage_error("which database? Give a URL, or set HOLDFAST_URL");
  return variable;
}

void warn_of_password(const url& given, const console& out) {
  if (given.password.empty()) return;
  out.say("holdfast: other users of this machine can see a password on a command line; better: "
          "HOLDFAST_PASSWORD, HOLDFAST_URL, or - and the URL on standard input");
}

} // namespace

bool looks_like_url(std::string_view text) noexcept {
  return text.starts_with("sqlite:") || text.find("://") != std::string_view::npos;
}

target read_target(const std::string& argument, const console& out) {
  const std::string text = chosen_url(argument);
  auto report = examine_url(text);
  if (!report.violations.empty()) throw bad_configuration{std::move(report.violations)};
  target t{std::move(report.config), {}};
  if (const auto parsed = parse_url(text)) {
    t.shown = to_string(*parsed);
    if (text == argument) warn_of_password(*parsed, out);
  }
  return t;
}

void make_plain(database_options& o) {
  o.retry.on_outage = on_outage::fail_fast;
  o.breaker.start_as = breaker_options::mode::disabled;
  o.pool.min_size = 0;
  o.pool.max_size = 1;
  o.health.interval.reset();
  o.log.enabled = false;
  o.sqlite.create = false;
}

database open(const database_config& config) {
  const auto* found = std::ranges::find(openers, config.target.scheme, &opener::scheme);
  if (found == openers.end()) throw no_such_engine(config.target.scheme);
  return found->connect(config);
}

usage_error no_such_engine(const std::string& scheme) {
  return usage_error("this version has no engine for " + scheme +
                     "; it has sqlite, postgresql and mysql");
}

} // namespace holdfast::cli
