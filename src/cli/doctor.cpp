// Looks at a database and the way to it, and says what to mend.
#include "cli/command.hpp"
#include "cli/doctor_hosts.hpp"
#include "cli/json.hpp"
#include "cli/target.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace holdfast::cli {

namespace {

using namespace std::chrono_literals;
using drivers::finding;
using drivers::verdict;

std::size_t count(const std::vector<host_report>& reports, verdict wanted) {
  std::size_t n = 0;
  for (const auto& r : reports)
    n += static_cast<std::size_t>(std::ranges::count(r.rows, wanted, &finding::is));
  return n;
}

std::string_view word(verdict v) { return v == verdict::not_tried ? "-" : to_string(v); }

void print(const console& out, const host_report& r) {
  std::size_t width = 0;
  for (const auto& row : r.rows) width = std::max(width, row.check.size());
  out.data(r.host.empty() ? "all hosts" : r.host);
  for (const auto& row : r.rows) {
    out.data(fmt::format("  {:7}  {:{}}  {}", word(row.is), row.check, width, row.found));
    if (!row.fix.empty()) out.data(fmt::format("  {:7}  {:{}}  fix: {}", "", "", width, row.fix));
  }
}

json_object as_json(const std::string& host, const finding& row) {
  json_object one;
  one.add("host", host).add("check", row.check).add("verdict", to_string(row.is));
  one.add("found", row.found).add("fix", row.fix);
  return one;
}

class doctor_command final : public command {
public:
  void declare(arguments& takes) override {
    takes.positional("URL", false, read_text(url_), std::string{url_help});
    takes.value("--timeout", "TIME", read_time(timeout_, {0.1, 3600}),
                "For all of it (default 5s)");
    takes.value("--processes", "N", read_count(processes_, {1, 1e5}),
                "How many processes open such a pool (default 1)");
    takes.flag("--strict", strict_, "Exit 3 when there are warnings");
  }

  int run(const console& out) override {
    const target to = read_target(url_, out);
    const auto reports = look_at(to.config, processes_, timeout_);
    const std::size_t errors = count(reports, verdict::error);
    const std::size_t warnings = count(reports, verdict::warning);
    if (out.json)
      out.data(all_of(to, reports, errors, warnings).text());
    else
      for (const auto& r : reports) print(out, r);
    out.say(fmt::format("{}: {} error{}, {} warning{}", to.shown, errors, errors == 1 ? "" : "s",
                        warnings, warnings == 1 ? "" : "s"));
    if (errors > 0) return exit_failed;
    return strict_ && warnings > 0 ? exit_warnings : exit_ok;
  }

private:
  static json_object all_of(const target& to, const std::vector<host_report>& reports,
                            std::size_t errors, std::size_t warnings) {
    std::vector<json_object> rows;
    for (const auto& r : reports)
      for (const auto& row : r.rows) rows.push_back(as_json(r.host, row));
    json_object all;
    all.add("ok", errors == 0).add("target", to.shown);
    all.add("errors", errors).add("warnings", warnings).add("rows", rows);
    return all;
  }

  std::string url_;
  duration timeout_ = 5s;
  std::uint32_t processes_ = 1;
  bool strict_ = false;
};

} // namespace

std::unique_ptr<command> make_doctor() { return std::make_unique<doctor_command>(); }

} // namespace holdfast::cli
