#include "cli/demo/fault_words.hpp"

#include "cli/demo/progress.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>

namespace holdfast::cli::demo {

namespace {

struct fault_words {
  std::string_view kind; ///< as in the JSON
  std::string_view one;
  std::string_view many;
  std::string_view what;  ///< what is done
  std::string_view since; ///< from when on the recovery is measured
};

/// Every fault of every stage.
constexpr std::array<fault_words, 8> table{{
    {"lock_burst", "lock burst", "lock bursts", "another process holds the file's write lock",
     "after it let go"},
    {"writer_killed", "writer killed", "writers killed",
     "kill -9 of another process inside its transaction", "after the kill"},
    {"connection_cut", "connection cut", "connections cut", "one of ours, by the server",
     "after the cut"},
    {"all_connections_cut", "cut of all connections", "cuts of all connections",
     "all of ours at once, by the server", "after the cut"},
    {"server_killed", "server killed", "servers killed",
     "kill -9 of all its processes, started again after 1 s", "after it accepted again"},
    {"server_restarted", "server restarted", "servers restarted",
     "a shutdown that throws everybody out, and a start", "after it accepted again"},
    {"server_paused", "server paused", "servers paused", "all its processes stand still for 1 s",
     "after it went on"},
    {"backend_killed", "backend killed", "backends killed",
     "kill -9 of one of its processes, upon which it ends all sessions and recovers",
     "after the kill"},
}};

const fault_words& words_of(std::string_view kind) {
  return *std::ranges::find(table, kind, &fault_words::kind);
}

std::vector<duration> recoveries_of(const std::vector<fault>& faults, std::string_view kind) {
  std::vector<duration> all;
  for (const fault& f : faults)
    if (f.kind == kind && f.recovery) all.push_back(*f.recovery);
  std::ranges::sort(all);
  return all;
}

} // namespace

std::string summary_of(const std::vector<fault>& faults) {
  std::string text;
  for (const auto& w : table) {
    const auto count = std::ranges::count(faults, w.kind, &fault::kind);
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, count == 1 ? w.one : w.many);
  }
  return text.empty() ? "none" : text;
}

std::string name_of(const fault& f) { return std::string{words_of(f.kind).one}; }

std::string deed_of(const fault& f) { return std::string{words_of(f.kind).what}; }

std::string recovery_of(const fault& f) {
  if (!f.recovery) return "no write has ended well since";
  return fmt::format("a write ended well {:.0f} ms {}", in_ms(*f.recovery), words_of(f.kind).since);
}

std::vector<std::string> recovery_table(const std::vector<fault>& faults) {
  std::vector<std::string> lines;
  for (const auto& w : table) {
    const auto count = std::ranges::count(faults, w.kind, &fault::kind);
    if (count == 0) continue;
    const auto took = recoveries_of(faults, w.kind);
    std::string line = fmt::format("  {:<22}  {:>3} x  ", w.one, count);
    if (took.empty())
      line += "no write ended well since";
    else
      line += fmt::format("median {:>4.0f} ms, longest {:>4.0f} ms {}",
                          in_ms(took[took.size() / 2]), in_ms(took.back()), w.since);
    lines.push_back(std::move(line));
  }
  return lines;
}

} // namespace holdfast::cli::demo
