#include "cli/commands.hpp"
#include "cli/open_url.hpp"

#include <holdfast/exceptions.hpp>

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <thread>
#include <vector>

namespace holdfast::cli {

namespace {

void print_summary(const ping_options& options, std::vector<double> ms, std::uint32_t lost) {
  std::ranges::sort(ms);
  const auto at = [&](double share) {
    return ms.empty() ? 0.0
                      : ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  };
  if (options.out.json) {
    fmt::print("{{\"sent\":{},\"answered\":{},\"min_ms\":{:.3f},\"median_ms\":{:.3f},"
               "\"max_ms\":{:.3f}}}\n",
               options.count, ms.size(), at(0), at(0.5), at(1));
    return;
  }
  fmt::print("{} sent, {} answered, {} failed; min {:.3f} ms, median {:.3f} ms, max {:.3f} ms\n",
             options.count, ms.size(), lost, at(0), at(0.5), at(1));
}

} // namespace

int run_ping(const ping_options& options) {
  const auto interval = read_duration(options.interval, "--interval");
  if (!interval) return exit_code::usage;
  if (options.count == 0) {
    fmt::print(stderr, "holdfast: --count: given 0; takes a count of 1 or more\n");
    return exit_code::usage;
  }
  database_options quiet;
  quiet.log.enabled = false;
  quiet.retry.on_outage = on_outage::fail_fast;
  quiet.pool.min_size = 1;
  auto config = read_url(options.url, quiet);
  auto db = open_config(config);
  std::vector<double> ms;
  std::uint32_t lost = 0;
  for (std::uint32_t i = 0; i < options.count; ++i) {
    if (i > 0) std::this_thread::sleep_for(*interval);
    const auto began = clock::now();
    auto answer = db.with({.deadline = std::chrono::seconds{5}, .name = "ping"})
                      .try_query<std::int64_t>("select 1");
    const double took = std::chrono::duration<double, std::milli>(clock::now() - began).count();
    if (answer)
      ms.push_back(took);
    else
      ++lost;
    if (!answer)
      fmt::print(stderr, "holdfast: {}\n", to_string(answer.error()));
    else if (!options.out.json && !options.out.quiet)
      fmt::print("{}: {:.3f} ms\n", db.status().hosts[0].host, took);
  }
  print_summary(options, std::move(ms), lost);
  return lost == 0 ? exit_code::ok : exit_code::failed;
}

} // namespace holdfast::cli
