#include "base/config_draft.hpp"

#include "base/suggest.hpp"

#include <algorithm>

namespace holdfast::detail {
namespace {

std::vector<std::string_view> option_names(bool url_parameter) {
  std::vector<std::string_view> names;
  for (const auto& row : option_table()) names.emplace_back(row.key);
  if (!url_parameter) {
    names.emplace_back("url");
    return names;
  }
  for (const auto& other : option_aliases())
    if (other.what == alias::kind::parameter) names.push_back(other.name);
  return names;
}

// An empty variable is an unset one: that is how compose files and shells leave them.
std::optional<std::string> variable(const config_sources& from, std::string_view name) {
  auto value = from.variable(std::string{name});
  if (value && value->empty()) return std::nullopt;
  return value;
}

void collect_variable(const config_sources& from, std::string_view name, const option* what,
                      assignment like, draft& into) {
  auto value = variable(from, name);
  if (!value || what == nullptr) return;
  like.what = what;
  like.text = secret{*value};
  like.origin = name;
  like.shared = true;
  wipe(*value);
  into.assignments.push_back(std::move(like));
}

constexpr std::string_view own_prefix = "HOLDFAST_";

// What follows the prefix, so that the prefix makes nothing look alike.
std::vector<std::string_view> own_variables() {
  // Beside the options': what to open, and two that only our own tests read.
  std::vector<std::string_view> known{"URL", "ENV", "PG_TEMPLATE", "UPDATE_GOLDEN"};
  for (const auto& row : option_table())
    known.push_back(std::string_view{row.variable}.substr(own_prefix.size()));
  return known;
}

bool contains(const auto& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void collect_aliases(alias::kind kind, layer at, const config_sources& from, draft& into) {
  for (const auto& other : option_aliases())
    if (other.what == kind)
      collect_variable(from, other.name, find_option(other.key), {.from = at, .reads = other.reads},
                       into);
}

} // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string out{text.substr(0, longest)};
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text.size() > longest ? out + "…" : out;
}

std::string shown(const option& what, std::string_view text) {
  const bool may_hide_a_password = what.is_secret || text.find('@') != std::string_view::npos;
  return may_hide_a_password ? "***" : "\"" + shown(text) + "\"";
}

const option* expect_option(std::string_view written, const std::string& origin, unit& reads,
                            bool url_parameter, draft& into) {
  reads = unit::none;
  if (url_parameter)
    for (const auto& other : option_aliases())
      if (other.what == alias::kind::parameter && other.name == written) {
        reads = other.reads;
        written = other.key;
        break;
      }
  const auto* found = find_option(written);
  if (found == nullptr)
    into.violations.push_back({shown(written), origin, "an unknown option",
                               "a known one" + did_you_mean(written, option_names(url_parameter))});
  return found;
}

void collect_variables(const config_sources& from, draft& into) {
  if (auto text = variable(from, "HOLDFAST_URL")) {
    into.urls.push_back({secret{*text}, "HOLDFAST_URL", layer::variable});
    wipe(*text);
  }
  collect_aliases(alias::kind::variable, layer::variable, from, into);
  for (const auto& row : option_table())
    collect_variable(from, row.variable, &row, {.from = layer::variable}, into);
}

void reject_unknown_variables(const config_sources& from, draft& into) {
  if (!from.variable_names) return;
  auto names = from.variable_names();
  std::sort(names.begin(), names.end());
  const auto known = own_variables();
  for (const auto& name : names) {
    if (!name.starts_with(own_prefix) || !variable(from, name)) continue;
    const std::string_view rest = std::string_view{name}.substr(own_prefix.size());
    if (contains(known, rest) || contains(into.password_variables, name)) continue;
    const auto meant = suggest(rest, known);
    into.violations.push_back({shown(name), "environment", "an unknown variable",
                               "the variable of an option; for your own take another prefix" +
                                   (meant.empty() ? ""
                                                  : "; did you mean " + std::string{own_prefix} +
                                                        std::string{meant} + "?")});
  }
}

void collect_libpq_variables(const config_sources& from, draft& into) {
  collect_aliases(alias::kind::libpq, layer::service, from, into);
}

} // namespace holdfast::detail
