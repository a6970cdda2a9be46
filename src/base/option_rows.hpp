// How a row of the table is made: from a key, the way to its field, its bounds and its help text.
#pragma once

#include "base/option.hpp"
#include "base/option_bounds.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace holdfast::detail {

/// `Access` is a captureless generic lambda from a `database_config` to one of its fields.
template <class Access>
struct binding {
  using field = std::remove_cvref_t<std::invoke_result_t<Access, database_config&>>;

  static bool read(database_config& c, std::string_view text) {
    return parse_value(text, Access{}(c));
  }
  static std::string show(const database_config& c) { return show_value(Access{}(c)); }
  static bool in_bounds(const database_config& c, range bounds) {
    const auto size = measure(Access{}(c));
    return !size || bounds.holds(*size);
  }
  static bool same(const database_config& a, const database_config& b) {
    return Access{}(a) == Access{}(b);
  }
  static void copy(const database_config& from, database_config& to) {
    Access{}(to) = Access{}(from);
  }
};

[[nodiscard]] inline std::string variable_name(std::string_view key) {
  std::string name = "HOLDFAST_" + upper(key);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

class row_builder {
public:
  explicit row_builder(std::vector<option>& rows, applies_to where = applies_to::all)
      : rows_{rows}, where_{where} {}

  template <class Access>
  option& add(std::string key, Access, range bounds, std::string help) {
    using bound = binding<Access>;
    using field = typename bound::field;
    option row;
    row.variable = variable_name(key);
    row.key = std::move(key);
    row.where = where_;
    row.is_secret = std::is_same_v<field, secret>;
    row.is_text = std::is_same_v<field, std::string> || row.is_secret;
    row.takes = description<field>::of(bounds);
    row.help = std::move(help);
    row.bounds = bounds;
    row.read = &bound::read;
    row.show = &bound::show;
    row.in_bounds = &bound::in_bounds;
    row.same = &bound::same;
    row.copy = &bound::copy;
    return rows_.emplace_back(std::move(row));
  }

  template <class Access>
  void add_path(std::string key, Access field, std::string help) {
    add(std::move(key), field, no_bounds, std::move(help)).takes = "a path";
  }

private:
  std::vector<option>& rows_;
  applies_to where_;
};

// The table's parts, in the order of the reference page.
void add_target_rows(std::vector<option>& rows);
void add_host_rows(std::vector<option>& rows);
void add_pool_rows(std::vector<option>& rows);
void add_retry_rows(std::vector<option>& rows);
void add_breaker_rows(std::vector<option>& rows);
void add_degradation_rows(std::vector<option>& rows);
void add_watch_rows(std::vector<option>& rows);
void add_engine_rows(std::vector<option>& rows);

} // namespace holdfast::detail
