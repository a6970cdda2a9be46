#include "conformance/report.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace holdfast::conformance {

namespace {

constexpr std::string_view missing = "MISSING";

std::size_t widest(const std::vector<std::string_view>& words) {
  std::size_t width = 0;
  for (const auto word : words) width = std::max(width, word.size());
  return width;
}

} // namespace

report::report(std::vector<std::string_view> engines, std::vector<std::string_view> cases)
    : engines_{std::move(engines)}, cases_{std::move(cases)} {}

void report::set(std::string_view engine, std::string_view name, std::string verdict) {
  cells_[{engine, name}] = std::move(verdict);
}

std::string report::cell(std::string_view engine, std::string_view name) const {
  const auto found = cells_.find({engine, name});
  return found == cells_.end() ? std::string{missing} : found->second;
}

std::size_t report::count(std::string_view begin) const {
  std::size_t n = 0;
  for (const auto engine : engines_)
    for (const auto name : cases_)
      if (cell(engine, name).starts_with(begin)) ++n;
  return n;
}

bool report::good() const {
  return count("ok") + count("not applicable: ") == engines_.size() * cases_.size();
}

void report::print() const {
  const std::size_t names = widest(cases_);
  std::vector<std::size_t> widths;
  for (const auto engine : engines_) {
    widths.push_back(engine.size());
    for (const auto name : cases_)
      widths.back() = std::max(widths.back(), cell(engine, name).size());
  }
  const auto line = [&](std::string_view first, const auto& text_of) {
    std::string out = fmt::format("{:{}}", first, names);
    for (std::size_t i = 0; i < engines_.size(); ++i)
      out += fmt::format(" | {:{}}", text_of(engines_[i]), widths[i]);
    out.erase(out.find_last_not_of(' ') + 1);
    fmt::print("{}\n", out);
  };
  line("case", [](std::string_view engine) { return std::string{engine}; });
  for (const auto name : cases_)
    line(name, [&](std::string_view engine) { return cell(engine, name); });
  fmt::print("{} engines x {} cases: {} cells missing, {} failed\n", engines_.size(), cases_.size(),
             count(missing), count("FAILED: "));
}

} // namespace holdfast::conformance
