#include "cli/demo/report.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <fmt/format.h>
#include <map>

namespace holdfast::cli {

namespace {

double rounded(double x) { return std::round(x * 1000) / 1000; }

boost::json::array faults_of(const demo_result& r) {
  boost::json::array out;
  for (const fault& f : r.faults) {
    boost::json::object o{{"kind", f.kind}, {"at_s", rounded(f.at_s)}};
    o["recovery_ms"] =
        f.recovery_ms ? boost::json::value(rounded(*f.recovery_ms)) : boost::json::value(nullptr);
    out.push_back(std::move(o));
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
  const boost::json::object o{{"engine", r.engine},          {"seconds", rounded(r.seconds)},
                              {"operations", r.operations},  {"succeeded", r.succeeded},
                              {"failed", r.failed},          {"retried", r.retried},
                              {"resolved", r.resolved},      {"unknown", r.books.unknown},
                              {"lost", r.books.lost},        {"doubled", r.books.doubled},
                              {"faults", faults_of(r)},      {"ok", r.ok()},
                              {"refused", r.refused},        {"p50_ms", rounded(r.p50_ms)},
                              {"p99_ms", rounded(r.p99_ms)}, {"seed", r.seed},
                              {"complaint", r.complaint}};
  fmt::print("{}\n", boost::json::serialize(o));
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
