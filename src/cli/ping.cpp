#include "cli/command.hpp"
#include "cli/json.hpp"
#include "cli/target.hpp"

#include <holdfast/exceptions.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <thread>

namespace holdfast::cli {

namespace {

using namespace std::chrono_literals;

double median(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

class ping_command final : public command {
public:
  void declare(arguments& takes) override {
    takes.positional("URL", false, read_text(url_), std::string{url_help});
    takes.value("-n,--count", "N", read_count(count_, {1, 1e6}), "Round trips (default 5)");
    takes.value("--interval", "TIME", read_time(interval_, {0, 3600}),
                "Between two of them (default 200ms)");
  }

  int run(const console& out) override {
    target to = read_target(url_, out);
    make_plain(to.config.options);
    to.config.options.pool.ping_after_idle.reset(); // or some round trips would be two
    database db = open(to.config);
    (void)db.try_query_value<std::int64_t>("select 1"); // prepares the statement
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (i > 0) std::this_thread::sleep_for(interval_);
      ask(db, i + 1, out);
    }
    summarize(out, to);
    return failures_ == 0 ? exit_ok : exit_failed;
  }

private:
  void ask(database& db, std::uint32_t number, const console& out) {
    const time_point began = clock::now();
    const auto answer = db.try_query_value<std::int64_t>("select 1");
    const double took = std::chrono::duration<double, std::milli>{clock::now() - began}.count();
    if (!answer) {
      ++failures_;
      out.complain(fmt::format("{:>4}  {}", number, to_string(answer.error())));
      return;
    }
    took_.push_back(took);
    if (!out.json) out.data(fmt::format("{:>4}  {:.3f} ms", number, took));
  }

  void summarize(const console& out, const target& to) const {
    std::vector<double> sorted = took_;
    std::ranges::sort(sorted);
    if (out.json) return out.data(as_json(to, sorted).text());
    if (sorted.empty()) return;
    out.data(fmt::format("min {:.3f}  median {:.3f}  max {:.3f} ms, {} of {} answered",
                         sorted.front(), median(sorted), sorted.back(), sorted.size(), count_));
  }

  [[nodiscard]] json_object as_json(const target& to, const std::vector<double>& sorted) const {
    std::optional<double> least, middle, most;
    if (!sorted.empty()) {
      least = sorted.front();
      middle = median(sorted);
      most = sorted.back();
    }
    json_object all;
    all.add("ok", failures_ == 0).add("target", to.shown).add("count", count_);
    all.add("answered", sorted.size()).add("failed", failures_);
    all.add("min_ms", least).add("median_ms", middle).add("max_ms", most);
    return all;
  }

  std::string url_;
  std::uint32_t count_ = 5;
  duration interval_ = 200ms;
  std::uint32_t failures_ = 0;
  std::vector<double> took_; // milliseconds
};

} // namespace

std::unique_ptr<command> make_ping() { return std::make_unique<ping_command>(); }

} // namespace holdfast::cli
