#include "cli/commands.hpp"
#include "cli/open_url.hpp"

#include <holdfast/exceptions.hpp>

#include <cstdio>
#include <fmt/format.h>
#include <thread>

namespace holdfast::cli {

namespace {

using namespace std::chrono_literals;

/// One try: connect, and a query.
std::optional<error> try_once(database_config& config, duration limit) {
  config.options.pool.connect_timeout = std::min(config.options.pool.connect_timeout, limit);
  try {
    auto db = open_config(config);
    db.with({.deadline = limit}).query<std::int64_t>("select 1");
    return std::nullopt;
  } catch (const database_error& e) {
    return e.details();
  }
}

/// Waiting mends these; a wrong password or a missing database it does not.
bool may_pass(const error& e) {
  return e.kind != category::configuration && e.kind != category::auth &&
         e.code != errc::unknown_database && e.kind != category::permission;
}

void report(const wait_options& options, const database_config& config, const error* last,
            double seconds) {
  if (options.out.json)
    fmt::print("{{\"ok\":{},\"seconds\":{:.3f},\"error\":{}}}\n", !last, seconds,
               last ? fmt::format("\"{}\"", to_string(last->code)) : "null");
  if (last)
    fmt::print(stderr, "holdfast: {} did not answer within {:.1f} s; last: {}\n",
               config.target.scheme, seconds, to_string(*last));
  else if (!options.out.quiet)
    fmt::print(stderr, "holdfast: it answers (after {:.2f} s)\n", seconds);
}

} // namespace

int run_wait(const wait_options& options) {
  const auto limit = read_duration(options.timeout, "--timeout");
  if (!limit) return exit_code::usage;
  database_options quiet;
  quiet.log.enabled = false;
  quiet.retry.on_outage = on_outage::fail_fast;
  quiet.pool.min_size = 1;
  auto config = read_url(options.url, quiet);
  config.options.health.interval.reset();
  const auto began = clock::now();
  const deadline until = deadline::after(began, *limit);
  errc told = errc::internal_error;
  for (duration pause = 50ms;; pause = std::min<duration>(pause * 2, 1s)) {
    const auto left = std::max<duration>(until.remaining(clock::now()), 1ms);
    const auto last = try_once(config, left);
    const auto now = clock::now();
    const double seconds = std::chrono::duration<double>(now - began).count();
    const bool over = last && (!may_pass(*last) || now + pause >= until.at());
    if (!last || over) {
      report(options, config, last ? &*last : nullptr, seconds);
      return last ? exit_code::failed : exit_code::ok;
    }
    if (last->code != told && !options.out.quiet)
      fmt::print(stderr, "holdfast: waiting: {}\n", to_string(*last));
    told = last->code;
    std::this_thread::sleep_for(pause);
  }
}

} // namespace holdfast::cli
