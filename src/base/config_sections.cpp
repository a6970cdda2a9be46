// Which sections of a file speak to one database, and which keys they may hold.
#include "base/config_draft.hpp"
#include "base/config_file.hpp"
#include "base/suggest.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>
#include <variant>

namespace holdfast {
namespace detail {
namespace {

using path_view = std::span<const std::string>;
using word_list = std::span<const std::string_view>;

constexpr auto environments =
    std::to_array<std::string_view>({"development", "test", "production"});
constexpr auto top_level = std::to_array<std::string_view>({"database", "env"});

std::string listed(word_list words) {
  if (words.empty()) return "a section, as [database.NAME]";
  std::string text = "one of";
  std::string_view separator = " ";
  for (const auto word : words) {
    text.append(separator).append(word);
    separator = ", ";
  }
  return text;
}

bool known(std::string_view word, word_list words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string joined(path_view path) {
  std::string text;
  for (const auto& part : path) text += (text.empty() ? "" : ".") + part;
  return text;
}

std::vector<std::string_view> database_words(const std::vector<file_entry>& entries) {
  std::vector<std::string_view> names;
  for (const auto& entry : entries)
    if (entry.path.size() == 2 && entry.path[0] == "database") names.emplace_back(entry.path[1]);
  return names;
}

/// Where an entry stands: [database.NAME], [env.ENV] or [env.ENV.database.NAME].
struct place {
  layer at = layer::file;
  std::string_view environment;
  std::string_view database; ///< empty: all of them
  path_view key;             ///< empty: the section itself
};

class section_reader {
public:
  section_reader(std::string_view name, std::string_view environment, word_list databases,
                 draft& into)
      : name_{name}, environment_{environment}, databases_{databases}, into_{into} {}

  void read(const file_entry& entry) {
    if (entry.path.back() == "password_env" && entry.what == file_entry::kind::text)
      into_.password_variables.emplace_back(entry.value.reveal());
    const auto where = locate(entry);
    if (!where || (!where->database.empty() && where->database != name_)) return;
    if (where->key.empty()) {
      if (entry.what != file_entry::kind::table)
        fail(joined(entry.path), entry, "a value", "a section");
    } else if (entry.what != file_entry::kind::table) {
      read_value(entry, *where);
    }
  }

private:
  void fail(std::string key, const file_entry& entry, std::string given, std::string takes) {
    into_.violations.push_back({shown(key), entry.origin, std::move(given), std::move(takes)});
  }

  // Said once, at the section itself, and not again for all that stands in it.
  bool expect(std::size_t index, word_list words, const file_entry& entry) {
    if (known(entry.path[index], words)) return true;
    if (entry.path.size() == index + 1)
      fail(joined(entry.path), entry, "an unknown section",
           listed(words) + did_you_mean(entry.path[index], words));
    return false;
  }

  std::optional<place> locate(const file_entry& entry) {
    const path_view path{entry.path};
    if (!expect(0, top_level, entry)) return std::nullopt;
    if (path[0] == "database")
      return place{layer::file,
                   {},
                   path.size() > 1 ? std::string_view{path[1]} : name_,
                   path.subspan(std::min<std::size_t>(2, path.size()))};
    if (path.size() == 1) return place{layer::file_env, {}, {}, {}};
    if (!expect(1, environments, entry)) return std::nullopt;
    if (path.size() == 2 || path[2] != "database")
      return place{layer::file_env, path[1], {}, path.subspan(2)};
    if (path.size() == 3) return place{layer::file_env_database, path[1], {}, {}};
    if (!expect(3, databases_, entry)) return std::nullopt;
    return place{layer::file_env_database, path[1], path[3], path.subspan(4)};
  }

  void read_value(const file_entry& entry, const place& where) {
    const std::string key = joined(where.key);
    const bool ours = where.environment.empty() || where.environment == environment_;
    if (key == "url") return read_url(entry, where.at, ours);
    unit reads{};
    const auto* what = expect_option(key, entry.origin, reads, false, into_);
    if (what == nullptr) return;
    if (entry.what == file_entry::kind::other)
      fail(key, entry, "a list, date or table", what->takes);
    else if (entry.what == file_entry::kind::bare && what->is_text)
      fail(key, entry, "a value without quotes", what->takes + ", in quotes");
    else if (ours)
      into_.assignments.push_back(
          {what, entry.value, entry.origin, where.at, unit::none, where.database.empty()});
    else
      rehearse(*what, entry);
  }

  // A section that is not chosen today is read all the same: its faults must not wait for the
  // night of its first use.
  void rehearse(const option& what, const file_entry& entry) {
    database_config scratch;
    if (!what.read(scratch, entry.value.reveal()) || !what.in_bounds(scratch, what.bounds))
      fail(what.key, entry, shown(what, entry.value.reveal()), what.takes);
  }

  void read_url(const file_entry& entry, layer at, bool ours) {
    if (entry.what != file_entry::kind::text)
      fail("url", entry, "a value without quotes", "a URL, in quotes");
    else if (at == layer::file_env)
      fail("url", entry, "one URL for all databases", "a place in [env.NAME.database.NAME]");
    else
      into_.urls.push_back({entry.value, entry.origin, ours ? at : layer::standard});
  }

  std::string_view name_;
  std::string_view environment_;
  word_list databases_;
  draft& into_;
};

std::optional<std::vector<file_entry>> read_entries(const std::string& path,
                                                    const config_sources& from, draft& into) {
  auto file = from.file(path);
  if (!file) {
    into.violations.push_back({"file", path, "an unreadable file (" + file.error().message + ")",
                               "a file that can be read"});
    return std::nullopt;
  }
  auto parsed = parse_config_file(file->text, path);
  wipe(file->text);
  if (auto* fault = std::get_if<violation>(&parsed)) {
    into.violations.push_back(std::move(*fault));
    return std::nullopt;
  }
  return std::get<0>(std::move(parsed));
}

std::string chosen_environment(const config_sources& from, draft& into) {
  auto chosen = from.variable("HOLDFAST_ENV").value_or("");
  if (!chosen.empty() && !known(chosen, environments))
    into.violations.push_back({"HOLDFAST_ENV", "HOLDFAST_ENV", "\"" + shown(chosen) + "\"",
                               listed(environments) + did_you_mean(chosen, environments)});
  return chosen;
}

// The one that was asked for, or the only one.
std::optional<std::string> choose(std::string_view name, word_list names, const std::string& path,
                                  draft& into) {
  if (name.empty() && names.size() == 1) return std::string{names.front()};
  if (known(name, names)) return std::string{name};
  const std::string given = name.empty() ? "no name" : "\"" + shown(name) + "\"";
  into.violations.push_back({"database", path, given, listed(names) + did_you_mean(name, names)});
  return std::nullopt;
}

} // namespace

void collect_file(const std::string& path, std::string_view name, const config_sources& from,
                  draft& into) {
  const auto environment = chosen_environment(from, into);
  const auto entries = read_entries(path, from, into);
  if (!entries) return;
  const auto names = database_words(*entries);
  const auto chosen = choose(name, names, path, into);
  if (!chosen) return;
  into.name = *chosen;
  section_reader reader{into.name, environment, names, into};
  for (const auto& entry : *entries) reader.read(entry);
}

} // namespace detail

result<std::vector<std::string>> database_names(const std::string& path,
                                                const config_sources& sources) {
  detail::draft faults;
  const auto entries = detail::read_entries(path, sources, faults);
  if (!entries)
    return make_error(errc::invalid_configuration, to_string(faults.violations.front()));
  const auto words = detail::database_words(*entries);
  return std::vector<std::string>(words.begin(), words.end());
}

} // namespace holdfast
