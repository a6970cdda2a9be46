#include "cli/demo/report.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>
#include <map>

namespace holdfast::cli {

namespace {

std::string faults_of(const demo_result& r) {
  std::string out;
  for (const fault& f : r.faults) {
    const auto recovery = f.recovery_ms ? fmt::format("{:.3f}", *f.recovery_ms) : "null";
    out += fmt::format("{}{{\"kind\":\"{}\",\"at_s\":{:.3f},\"recovery_ms\":{}}}",
                       out.empty() ? "" : ",", f.kind, f.at_s, recovery);
  }
  return out;
}

void print_faults(const std::vector<fault>& faults) {
  std::map<std::string, std::vector<double>> by_kind;
  std::map<std::string, std::size_t> seen;
  for (const fault& f : faults) {
    ++seen[f.kind];
    if (f.recovery_ms) by_kind[f.kind].push_back(*f.recovery_ms);
  }
  for (const auto& [kind, count] : seen) {
    auto& ms = by_kind[kind];
    std::ranges::sort(ms);
    if (ms.empty())
      fmt::print("  {:<16} {} times; no success was seen after it\n", kind, count);
    else
      fmt::print("  {:<16} {} times; working again after {:.1f} ms (median), {:.1f} ms (worst)\n",
                 kind, count, ms[ms.size() / 2], ms.back());
  }
}

} // namespace

void print_json(const demo_result& r) {
  fmt::print("{{\"engine\":\"{}\",\"seconds\":{:.3f},\"operations\":{},\"succeeded\":{},"
             "\"failed\":{},\"retried\":{},\"resolved\":{},\"unknown\":{},\"lost\":{},"
             "\"doubled\":{},\"faults\":[{}],\"ok\":{},\"refused\":{},\"p50_ms\":{:.3f},"
             "\"p99_ms\":{:.3f},\"seed\":{},\"complaint\":{}}}\n",
             r.engine, r.seconds, r.operations, r.succeeded, r.failed, r.retried, r.resolved,
             r.books.unknown, r.books.lost, r.books.doubled, faults_of(r), r.ok(), r.refused,
             r.p50_ms, r.p99_ms, r.seed, boost::json::serialize(boost::json::string{r.complaint}));
}

void print_verdict(const demo_result& r) {
  fmt::print(
      "\n{} operations in {:.1f} s: {} succeeded ({} of them rightly refused), {} failed, {} "
      "retries; p50 {:.1f} ms, p99 {:.1f} ms\n",
      r.operations, r.seconds, r.succeeded, r.refused, r.failed, r.retried, r.p50_ms, r.p99_ms);
  if (!r.first_failure.empty()) fmt::print("the first failure: {}\n", r.first_failure);
  fmt::print("faults survived:\n");
  print_faults(r.faults);
  fmt::print("the books: {} lost, {} doubled, {} unknown ({} lost replies resolved), money off by "
             "{}\n",
             r.books.lost, r.books.doubled, r.books.unknown, r.resolved, r.books.money);
  if (!r.complaint.empty()) fmt::print("but: {}\n", r.complaint);
  fmt::print("{}\n", r.ok() ? "PROVEN: what was acknowledged is there exactly once, what was "
                              "refused is not, and no money came or went."
                            : "FAILED: see above.");
}

} // namespace holdfast::cli
