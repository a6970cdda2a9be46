#include "cli/command.hpp"
#include "cli/config_source.hpp"
#include "cli/json.hpp"
#include "cli/target.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holdfast::cli {

namespace {

bool same(const violation& a, const violation& b) {
  return a.key == b.key && a.origin == b.origin && a.given == b.given && a.takes == b.takes;
}

class config_check final : public command {
public:
  void declare(arguments& takes) override {
    takes.positional("FILE", false, read_text(source_),
                     "A TOML file or a URL (default holdfast.toml, else $HOLDFAST_URL)");
    takes.positional("NAME", false, read_text(name_), "One database of the file (default all)");
  }

  int run(const console& out) override {
    std::vector<violation> found;
    std::vector<std::string> names;
    for (const auto& each : examine(source_, name_, true)) {
      if (!each.name.empty()) names.push_back(each.name);
      // What is wrong for all databases of a file is said once.
      for (const auto& v : each.report.violations)
        if (std::ranges::none_of(found, [&](const violation& w) { return same(v, w); }))
          found.push_back(v);
    }
    if (!found.empty()) throw bad_configuration{std::move(found)};
    if (out.json) {
      json_object all;
      all.add("ok", true).add("databases", names).add("violations", std::vector<json_object>{});
      out.data(all.text());
    } else if (!out.quiet) {
      out.data(names.empty() ? "nothing wrong"
                             : fmt::format("nothing wrong: {}", fmt::join(names, ", ")));
    }
    return exit_ok;
  }

private:
  std::string source_;
  std::string name_;
};

} // namespace

std::unique_ptr<command> make_config_check() { return std::make_unique<config_check>(); }

} // namespace holdfast::cli
