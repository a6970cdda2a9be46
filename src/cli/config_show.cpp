#include "cli/command.hpp"
#include "cli/config_source.hpp"
#include "cli/json.hpp"
#include "cli/target.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace holdfast::cli {

namespace {

class config_show final : public command {
public:
  void declare(arguments& takes) override {
    takes.positional("SOURCE", false, read_text(source_),
                     "A TOML file or a URL (default holdfast.toml, else $HOLDFAST_URL)");
    takes.positional("NAME", false, read_text(name_), "One database of the file");
    takes.flag("--origin", origin_, "And where each value comes from");
  }

  int run(const console& out) override {
    auto report = std::move(examine(source_, name_, false).front().report);
    if (!report.violations.empty()) throw bad_configuration{std::move(report.violations)};
    out.json ? print_json(out, report.config) : print_lines(out, report.config);
    return exit_ok;
  }

private:
  void print_lines(const console& out, const database_config& c) const {
    std::size_t key = 0;
    std::size_t value = 0;
    for (const auto& s : c.settings) {
      key = std::max(key, s.key.size());
      value = std::max(value, s.value.size());
    }
    for (const auto& s : c.settings) {
      if (origin_)
        out.data(fmt::format("{:<{}}  {:<{}}  {}", s.key, key, s.value, value, s.origin));
      else
        out.data(fmt::format("{:<{}}  {}", s.key, key, s.value));
    }
  }

  void print_json(const console& out, const database_config& c) const {
    std::vector<json_object> rows;
    for (const auto& s : c.settings) {
      json_object row;
      row.add("key", s.key).add("value", s.value);
      if (origin_) row.add("origin", s.origin);
      rows.push_back(row);
    }
    json_object all;
    all.add("ok", true).add("scheme", c.target.scheme).add("settings", rows);
    out.data(all.text());
  }

  std::string source_;
  std::string name_;
  bool origin_ = false;
};

} // namespace

std::unique_ptr<command> make_config_show() { return std::make_unique<config_show>(); }

} // namespace holdfast::cli
