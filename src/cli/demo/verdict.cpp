#include "cli/demo/verdict.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace holdfast::cli::demo {

namespace {

std::vector<duration> all_latencies(const performance& p) {
  std::vector<duration> all;
  for (const auto& one : p.callers)
    all.insert(all.end(), one->books().latencies.begin(), one->books().latencies.end());
  return all;
}

bool everybody_was_served(const performance& p) {
  return std::ranges::all_of(p.callers, [](const auto& one) {
    return std::ranges::any_of(one->books().entries,
                               [](const auto& e) { return e.was == answer::acknowledged; });
  });
}

std::vector<std::string> objections_to(const performance& p, const findings& b,
                                       const std::string& shortfall) {
  std::vector<std::string> all;
  if (b.lost > 0) all.push_back(fmt::format("{} acknowledged writes are lost", b.lost));
  if (b.doubled > 0) all.push_back(fmt::format("{} writes were applied twice", b.doubled));
  if (b.unknown > 0) all.push_back(fmt::format("the fate of {} writes is unknown", b.unknown));
  if (b.contradicted > 0)
    all.push_back(fmt::format("{} things are not as callers were told", b.contradicted));
  if (b.money_before != b.money_after)
    all.push_back(fmt::format("money: {} before, {} after", b.money_before, b.money_after));
  if (!p.mishap.empty()) all.push_back("the faults went wrong: " + p.mishap);
  if (!shortfall.empty()) all.push_back("too little to prove anything: " + shortfall);
  if (!everybody_was_served(p)) all.push_back("not every caller had a write acknowledged");
  // An interrupted run leaves its last fault no time.
  const bool healed =
      std::ranges::all_of(p.faults, [](const fault& f) { return f.recovery.has_value(); });
  if (!healed && !p.interrupted) all.push_back("no write succeeded after one of the faults");
  return all;
}

std::vector<json_object> faults_json(const performance& p) {
  std::vector<json_object> rows;
  for (const fault& f : p.faults) {
    std::optional<double> recovery;
    if (f.recovery) recovery = in_ms(*f.recovery);
    json_object row;
    row.add("kind", f.kind).add("at_s", in_ms(f.at - p.began) / 1000).add("recovery_ms", recovery);
    rows.push_back(row);
  }
  return rows;
}

std::string failure_words(const performance& p) {
  std::string text;
  for (const auto& [name, count] : p.counts.failures)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
  return text.empty() ? "none" : text;
}

} // namespace

verdict judge(const settings& s, std::uint64_t seed, const performance& p, const findings& b,
              const std::string& shortfall) {
  verdict v;
  v.engine = s.engine;
  v.seed = seed;
  v.seconds = in_ms(p.took) / 1000;
  v.operations = p.counts.operations;
  v.succeeded = p.counts.of(answer::acknowledged) + p.counts.of(answer::refused) +
                p.counts.of(answer::rolled_back) + b.settled_committed;
  v.failed = p.counts.of(answer::failed) + b.settled_not_committed;
  v.resolved = p.status.outcomes_resolved + b.settled_committed + b.settled_not_committed;
  auto latencies = all_latencies(p);
  v.p50_ms = in_ms(percentile(latencies, 0.5));
  v.p99_ms = in_ms(percentile(latencies, 0.99));
  v.objections = objections_to(p, b, shortfall);
  return v;
}

json_object as_json(const verdict& v, const performance& p, const findings& b) {
  json_object failures;
  for (const auto& [name, count] : p.counts.failures) failures.add(name, count);
  json_object all;
  all.add("engine", v.engine).add("seconds", v.seconds).add("operations", v.operations);
  all.add("succeeded", v.succeeded).add("failed", v.failed).add("retried", p.status.retries);
  all.add("resolved", v.resolved).add("unknown", b.unknown).add("lost", b.lost);
  all.add("doubled", b.doubled).add("faults", faults_json(p)).add("ok", v.ok());
  all.add("contradicted", b.contradicted).add("acknowledged", b.of(answer::acknowledged));
  all.add("refused", b.of(answer::refused)).add("rolled_back", b.of(answer::rolled_back));
  all.add("repeated", b.repeated).add("failures", failures);
  all.add("money_before", b.money_before).add("money_after", b.money_after);
  all.add("callers", p.callers.size()).add("p50_ms", v.p50_ms).add("p99_ms", v.p99_ms);
  all.add("seed", v.seed).add("interrupted", p.interrupted).add("objections", v.objections);
  all.add("examples", b.examples);
  return all;
}

std::vector<std::string> as_text(const verdict& v, const performance& p, const findings& b) {
  std::vector<std::string> lines{
      fmt::format("{} operations in {:.1f} s by {} callers, p50 {:.1f} ms, p99 {:.1f} ms, {} "
                  "retries; failed: {}",
                  grouped(v.operations), v.seconds, p.callers.size(), v.p50_ms, v.p99_ms,
                  grouped(p.status.retries), failure_words(p)),
      "Faults, and how long until a write ended well again:",
  };
  const auto recovered = recovery_table(p.faults);
  lines.insert(lines.end(), recovered.begin(), recovered.end());
  const std::vector<std::string> books{
      "The books:",
      fmt::format("  money         {} before, {} after", grouped(b.money_before),
                  grouped(b.money_after)),
      fmt::format("  acknowledged  {} writes: {} lost, {} doubled",
                  grouped(b.of(answer::acknowledged)), b.lost, b.doubled),
      fmt::format("  not done      {} refused, {} rolled back on purpose, {} failed: {}",
                  grouped(b.of(answer::refused)), grouped(b.of(answer::rolled_back)),
                  b.of(answer::failed),
                  b.contradicted == 0 ? "none of them is there" : "not all as told"),
      fmt::format("  sent again    {} with the same key: same answer, applied once",
                  grouped(b.repeated)),
      fmt::format("  in doubt      {} lost replies resolved, {} unknown", v.resolved, b.unknown),
  };
  lines.insert(lines.end(), books.begin(), books.end());
  for (const auto& text : b.examples) lines.push_back("  wrong: " + text);
  for (const auto& text : v.objections) lines.push_back("Not ok: " + text);
  if (v.ok())
    lines.push_back("OK: nothing lost, nothing doubled, nothing unknown.");
  else
    lines.push_back(fmt::format("NOT OK. The seed was {}.", v.seed));
  return lines;
}

} // namespace holdfast::cli::demo
